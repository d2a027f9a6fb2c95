//! The real file system: private directory, private files, advisory locks.
//!
//! A path is compared with the opened file before anything is read from it, so a symbolic link, a
//! hard link or another user's file is refused without any platform's own flags.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, DiskFile, Writes};
use super::private::{check_directory, check_file, check_owner, is_same_file, open_checked};
use super::scan::ReadAt;
use crate::system;

/// The file system of the machine.
#[derive(Debug, Default)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn prepare(&self, directory: &Path) -> io::Result<bool> {
        system::check_file_size_limit()?;
        match fs::symlink_metadata(directory) {
            Ok(found) => check_directory(&found).map(|()| false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                system::make_directory(directory).map(|()| true)
            }
            Err(error) => Err(error),
        }
    }

    fn check(&self, directory: &Path) -> io::Result<()> {
        system::check_file_size_limit()?;
        match fs::symlink_metadata(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            found => check_directory(&found?),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            // A file that vanishes under the listing was another process's to remove.
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if let (true, Ok(name)) = (found.is_file(), entry.file_name().into_string()) {
                files.push((name, found.len()));
            }
        }
        Ok(files)
    }

    fn create(&self, path: &Path, writes: Writes) -> io::Result<Arc<dyn DiskFile>> {
        make(path, writes, lock, check_file)
    }

    fn adopt(&self, path: &Path, writes: Writes) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        check_file(&found)?;
        let file = match options(writes).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if !lock(&file)? || !is_same_file(path, &file)? {
            return Ok(None);
        }
        check_parent(path, &file)?;
        Ok(Some(Arc::new(file)))
    }

    fn peruse(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(File::open(path)?))
    }

    fn open_ack(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let created = system::create_private(OpenOptions::new().read(true).write(true), path);
        let file = match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let file = open_checked(path, OpenOptions::new().read(true).write(true))?;
                check_parent(path, &file)?;
                file
            }
            created => created?,
        };
        Ok(Arc::new(file))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        match cfg!(unix) {
            true => File::open(directory)?.sync_all(),
            false => Ok(()),
        }
    }
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, into, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, into, offset)
    }
}

impl DiskFile for File {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self;
        loop {
            match file.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => return written,
            }
        }
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match std::os::windows::fs::FileExt::seek_write(self, bytes, offset)? {
            written if written == bytes.len() => Ok(()),
            _ => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn unlock(&self) {
        // What cannot be unlocked is closed.
        let _ = fs4::FileExt::unlock(self);
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

fn lock(file: &File) -> io::Result<bool> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a file and locks it. What is refused then does not stay: nothing of ours in a directory of
/// another user, and not one more file for each attempt on a file system without locks.
pub(super) fn make(
    path: &Path,
    writes: Writes,
    lock: impl FnOnce(&File) -> io::Result<bool>,
    check: impl FnOnce(&Metadata) -> io::Result<()>,
) -> io::Result<Arc<dyn DiskFile>> {
    let file = system::create_private(&mut options(writes), path)?;
    let is_ours = own(path, &file, lock, check).inspect_err(|_| {
        let _ = fs::remove_file(path);
    });
    if is_ours? { Ok(Arc::new(file)) } else { Err(io::ErrorKind::AlreadyExists.into()) }
}

/// Locks a file that was just made, and makes sure that a later process could adopt it: some mounts
/// show every file as one that others can read. False when an adopter was faster than the lock, and
/// has taken the empty file for an orphan.
fn own(
    path: &Path,
    file: &File,
    lock: impl FnOnce(&File) -> io::Result<bool>,
    check: impl FnOnce(&Metadata) -> io::Result<()>,
) -> io::Result<bool> {
    if !lock(file)? || !is_same_file(path, file)? {
        return Ok(false);
    }
    check(&file.metadata()?)?;
    check_parent(path, file)?;
    Ok(true)
}

/// The file and its directory must be one user's.
fn check_parent(path: &Path, file: &File) -> io::Result<()> {
    match path.parent() {
        Some(parent) => check_owner(&fs::symlink_metadata(parent)?, &file.metadata()?),
        None => Ok(()),
    }
}

fn options(writes: Writes) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    match writes {
        Writes::AtTheEnd => options.append(true),
        Writes::AtPositions => options.write(true),
    };
    options
}
