//! The key under which hashes of this installation are made.

use std::path::Path;

use crate::Error;
use crate::capture::hash::InstallKey;

/// Replaces the key of a spool directory. Servers use the new key from their next start on.
///
/// Rotate when the key file may have been read by others, or to end that calls of different times
/// can be compared: hashes, session keys and fingerprints of before and after are not related.
///
/// # Errors
///
/// When the directory cannot be written ([`Error::is_storage`]).
///
/// ```
/// # let home = tempfile::tempdir().unwrap();
/// # let directory = home.path().join("key-of-docs");
/// toolwatch::local::rotate_key(&directory)?;
/// assert_eq!(std::fs::read(directory.join("key")).map(|key| key.len()).ok(), Some(32));
/// # Ok::<(), toolwatch::Error>(())
/// ```
pub fn rotate_key(directory: impl AsRef<Path>) -> Result<(), Error> {
    let rotated = InstallKey::rotate(directory.as_ref());
    rotated.map(drop).map_err(|error| Error::storage("the key cannot be replaced", error))
}
