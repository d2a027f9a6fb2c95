//! A file of its own for each of several processes that were given the same path.
//!
//! `docs.prom` becomes `docs.0.prom` in the first process, `docs.1.prom` in one beside it, and so on.
//! A lock that the system gives back when a process dies keeps the number, so the files of the dead
//! are taken over, and numbers stay few: as a label they would otherwise grow with every start.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Processes that may share a path.
const MAX_SLOTS: usize = 256;

/// What the name of a textfile ends in: the node exporter reads no other files.
const SUFFIX: &str = "prom";

/// A number that this process alone has, and the file that goes with it.
#[derive(Debug)]
pub(super) struct Slot {
    number: usize,
    stem: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

impl Slot {
    /// Takes the lowest number that is free. A path that is a directory gets files in it.
    pub(super) fn take(path: &Path) -> io::Result<Self> {
        let stem = match path {
            directory if directory.is_dir() => directory.join("toolwatch"),
            file if file.extension().is_some_and(|suffix| suffix == SUFFIX) => {
                file.with_extension("")
            }
            file => file.to_owned(),
        };
        for number in 0..MAX_SLOTS {
            let lock = with_suffix(&stem, number, "lock");
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(lock)?;
            match fs4::FileExt::try_lock(&lock) {
                Ok(()) => return Ok(Self { number, stem, _lock: lock }),
                Err(fs4::TryLockError::WouldBlock) => {}
                Err(fs4::TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("256 processes share the path"))
    }

    pub(super) const fn number(&self) -> usize {
        self.number
    }

    pub(super) fn file(&self) -> PathBuf {
        with_suffix(&self.stem, self.number, SUFFIX)
    }

    /// Replaces the file in one step, so that no reader ever sees a part of it.
    pub(super) fn replace(&self, text: &str) -> io::Result<()> {
        let new = with_suffix(&self.stem, self.number, "new");
        // What is there was left by a process that died, or planted as a link: it is not written to.
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        std::fs::rename(&new, self.file())
    }
}

fn with_suffix(stem: &Path, number: usize, suffix: &str) -> PathBuf {
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{number}.{suffix}"));
    stem.with_file_name(name)
}

#[cfg(test)]
mod tests {
    //! Names, turns and take-overs, with several slots in one process: a lock is one of a file that
    //! was opened, so they are to each other as those of several processes.

    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn each_slot_has_a_file_of_its_own_and_the_lowest_free_number() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("docs.prom");
        let name = |slot: &Slot| slot.file().file_name().unwrap().to_owned();
        let first = Slot::take(&path).unwrap();
        let second = Slot::take(&path).unwrap();
        assert_eq!((name(&first), name(&second)), ("docs.0.prom".into(), "docs.1.prom".into()));
        drop(first);
        // A process that another test begins meanwhile is a copy of this one until it has become
        // its own program, and keeps the lock of each file that was open.
        let began = Instant::now();
        while Slot::take(&path).unwrap().number() != 0 {
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(name(&Slot::take(directory.path()).unwrap()), "toolwatch.0.prom");
        assert_eq!(name(&Slot::take(&directory.path().join("x.y")).unwrap()), "x.y.0.prom");
    }

    #[test]
    fn a_file_is_replaced_whole_and_a_planted_link_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let slot = Slot::take(&directory.path().join("docs.prom")).unwrap();
        let victim = directory.path().join("victim");
        std::fs::write(&victim, "mine").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&victim, directory.path().join("docs.0.new")).unwrap();
        slot.replace("a 1\n").unwrap();
        slot.replace("a 2\n").unwrap();
        assert_eq!(std::fs::read_to_string(slot.file()).unwrap(), "a 2\n");
        assert_eq!(std::fs::read_to_string(victim).unwrap(), "mine");
    }
}
