//! Takes checkpoints to where they are kept. Only the audit log's own thread calls this, because a
//! file may be slow and a callback anything.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::note::MARK;
use super::{Sealed, SigningKey};
use crate::audit::key::LogId;
use crate::contain::contain;

/// Where checkpoints go.
pub(in crate::audit) enum Target {
    /// Behind the notes of a file that all writers share.
    File(PathBuf),
    /// One line of JSON each.
    Stderr,
    /// A function of the author's.
    Callback(Box<dyn Fn(&str) + Send>),
}

/// The way from a sealed checkpoint to its targets.
pub(in crate::audit) struct Publisher {
    pub(in crate::audit) log_id: LogId,
    pub(in crate::audit) signing: Option<SigningKey>,
    pub(in crate::audit) targets: Vec<Target>,
}

impl Publisher {
    /// Whether anybody wants checkpoints.
    pub(in crate::audit) fn is_idle(&self) -> bool {
        self.targets.is_empty()
    }

    /// Brings a checkpoint to all targets, whichever of them fail. Returns the last failure.
    pub(in crate::audit) fn publish(&self, sealed: &Sealed) -> io::Result<()> {
        let note = sealed.to_note(&self.log_id, self.signing.as_ref());
        let mut result = Ok(());
        for target in &self.targets {
            if let Err(error) = target.take(&note) {
                result = Err(error);
            }
        }
        result
    }
}

impl Target {
    fn take(&self, note: &str) -> io::Result<()> {
        match self {
            Self::File(path) => append(path, note),
            Self::Stderr => {
                let escaped = note.replace('\n', "\\n");
                io::stderr().write_all(format!("{MARK}{escaped}\"}}\n").as_bytes())
            }
            Self::Callback(callback) => {
                let called = contain(|| callback(note));
                called.ok_or_else(|| io::Error::other("the checkpoint callback panicked"))
            }
        }
    }
}

/// Opened anew for each note, so that a file that was moved away is begun again.
fn append(path: &Path, note: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // One write with a blank line behind, so that the notes of several writers do not mix; and what
    // a kill has cut before takes no part of this one.
    let start = if ends_in_a_line(path) { "\n" } else { "" };
    let note = format!("{start}{note}\n");
    match file.write(note.as_bytes())? {
        written if written == note.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Whether the file ends within a line. A pipe does not, nor one that this process may only write.
fn ends_in_a_line(path: &Path) -> bool {
    let last = || {
        if !std::fs::metadata(path)?.is_file() {
            return Ok(b'\n');
        }
        let (mut file, mut last) = (File::open(path)?, [0]);
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        io::Result::Ok(last[0])
    };
    last().is_ok_and(|last| last != b'\n')
}
