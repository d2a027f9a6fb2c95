//! The install's secret key: 32 random bytes in a file that only its owner can read.
//!
//! It is never exported, printed or sent. Many processes may start at once in one directory: the
//! key is written to a file of its own and linked into place, so that exactly one wins and all
//! use the winner's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::event::unique;
use crate::system;

const FILE_NAME: &str = "key";
const KEY_BYTES: usize = 32;

/// How often a start looks again after another process took the place first.
const MAX_ATTEMPTS: u32 = 8;

/// The secret of one install.
#[derive(Clone)]
pub(crate) struct InstallKey([u8; KEY_BYTES]);

impl InstallKey {
    /// A key that ends with the process.
    pub(crate) fn ephemeral() -> Self {
        random().map_or_else(|_| Self::from_counter(), Self)
    }

    /// Reads the key of a directory, which is made on the first start.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written, or the file is a link, has another length, or can be
    /// read by anyone but its owner.
    pub(crate) fn load_or_create(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE_NAME);
        for _ in 0..MAX_ATTEMPTS {
            match load(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                loaded => return loaded,
            }
            system::make_directory(dir)?;
            let (written, _) = write_beside(dir)?;
            let linked = link(&written, &path);
            let _ = fs::remove_file(&written);
            match linked {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked?,
            }
        }
        Err(io::Error::other("install key appears and disappears"))
    }

    /// Replaces the key of a directory. Hashes made before and after cannot be compared.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written.
    pub(crate) fn rotate(dir: &Path) -> io::Result<Self> {
        system::make_directory(dir)?;
        let (written, key) = write_beside(dir)?;
        fs::rename(&written, dir.join(FILE_NAME)).inspect_err(|_| {
            let _ = fs::remove_file(&written);
        })?;
        Ok(key)
    }

    /// The key as HMAC takes it: padded with zeros to a block of SHA-256.
    pub(super) fn block(&self) -> [u8; 64] {
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        block
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Without a random source hashes still separate runs of the process.
    fn from_counter() -> Self {
        let mut bytes = [0; KEY_BYTES];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&unique().to_be_bytes());
        }
        Self(bytes)
    }
}

impl std::fmt::Debug for InstallKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstallKey(..)")
    }
}

fn random() -> io::Result<[u8; KEY_BYTES]> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| io::Error::other("no random source for the install key"))?;
    Ok(bytes)
}

fn load(path: &Path) -> io::Result<InstallKey> {
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(refused("install key is not a regular file"));
    }
    let mut file = File::open(path)?;
    check_owner_only(&named, &file.metadata()?)?;
    let mut bytes = [0; KEY_BYTES + 1];
    let mut read = 0;
    while read < bytes.len() {
        match file.read(&mut bytes[read..])? {
            0 => break,
            more => read += more,
        }
    }
    match bytes.first_chunk() {
        Some(key) if read == KEY_BYTES => Ok(InstallKey(*key)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "install key has a wrong length")),
    }
}

fn refused(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

/// The opened file must be the one that was looked at, and private.
#[cfg(unix)]
fn check_owner_only(named: &fs::Metadata, opened: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(refused("install key was replaced while it was opened"));
    }
    if opened.mode() & 0o077 != 0 {
        return Err(refused("install key can be read by others than its owner"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner_only(_named: &fs::Metadata, _opened: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Writes a fresh key to a file of its own in the same directory.
fn write_beside(dir: &Path) -> io::Result<(PathBuf, InstallKey)> {
    system::check_file_size_limit()?;
    let path = dir.join(format!("{FILE_NAME}.{}.{:016x}.tmp", std::process::id(), unique()));
    let key = InstallKey(random()?);
    let written = create_private(&path).and_then(|mut file| {
        file.write_all(&key.0)?;
        file.sync_all()
    });
    written.inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })?;
    Ok((path, key))
}

/// Links the file into place; where there are no hard links, the one that starts first renames.
fn link(written: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(written, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            match fs::symlink_metadata(path) {
                Ok(_) => Ok(()),
                Err(_) => fs::rename(written, path),
            }
        }
        linked => linked,
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    system::create_private(OpenOptions::new().write(true), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("a/b");
        let first = InstallKey::load_or_create(&inside).unwrap();
        assert_eq!(first.0, InstallKey::load_or_create(&inside).unwrap().0);
        assert_eq!(fs::read_dir(&inside).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(inside.join(FILE_NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn many_starts_at_once_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let start = std::sync::Barrier::new(16);
        let load = || {
            start.wait();
            InstallKey::load_or_create(dir.path()).unwrap().0
        };
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..16).map(|_| scope.spawn(load)).collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn rotation_replaces_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let first = InstallKey::load_or_create(dir.path()).unwrap();
        let second = InstallKey::rotate(dir.path()).unwrap();
        assert_ne!(first.0, second.0);
        assert_eq!(second.0, InstallKey::load_or_create(dir.path()).unwrap().0);
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for length in [0, 31, 33] {
            let _ = fs::remove_file(dir.path().join(FILE_NAME));
            create_private(&dir.path().join(FILE_NAME))
                .unwrap()
                .write_all(&vec![1; length])
                .unwrap();
            let error = InstallKey::load_or_create(dir.path()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_a_readable_file_are_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        InstallKey::load_or_create(other.path()).unwrap();
        symlink(other.path().join(FILE_NAME), dir.path().join(FILE_NAME)).unwrap();
        let denied = |dir: &Path| InstallKey::load_or_create(dir).unwrap_err().kind();
        assert_eq!(denied(dir.path()), io::ErrorKind::PermissionDenied);
        fs::set_permissions(other.path().join(FILE_NAME), fs::Permissions::from_mode(0o640))
            .unwrap();
        assert_eq!(denied(other.path()), io::ErrorKind::PermissionDenied);
    }
}
