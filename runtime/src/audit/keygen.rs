//! Makes the keys of a new log.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::builder::{SEALING_KEY, SIGNING_KEY};
use super::checkpoint::SigningKey;
use super::key::{self, SIGNING_PREFIX, Secret, VerificationKey};
use crate::error::Error;
use crate::spool::{Disk as _, RealDisk};
use crate::system::create_private;

/// Begins a log in a directory, which is made when it is not there: writes `sealing.key` and
/// returns the verification key. Keep that where the server is not.
///
/// # Errors
///
/// When the directory has a sealing key already, is not this user's alone, or cannot be written.
pub fn keygen(directory: &Path) -> Result<VerificationKey, Error> {
    make(directory).map_err(|error| Error::storage("the audit log's keys cannot be made", error))
}

/// Does what [`keygen`] does, and makes a `signing.key` for checkpoints beside it.
///
/// # Errors
///
/// As [`keygen`].
pub fn keygen_signed(directory: &Path) -> Result<VerificationKey, Error> {
    let key = keygen(directory)?;
    let sign = || -> io::Result<VerificationKey> {
        let seed = Secret::random()?;
        let text = zeroize::Zeroizing::new(format!("{SIGNING_PREFIX} {}\n", *seed.to_hex()));
        let mut file =
            create_private(OpenOptions::new().write(true), &directory.join(SIGNING_KEY))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(key.with_public(SigningKey::new(&seed).public()))
    };
    sign().map_err(|error| Error::storage("the signing key cannot be made", error))
}

fn make(directory: &Path) -> io::Result<VerificationKey> {
    RealDisk.prepare(directory)?;
    let key = VerificationKey::generate()?;
    key::write_new(&RealDisk, &directory.join(SEALING_KEY), *key.log(), key.chain())?;
    let _ = RealDisk.sync_directory(directory);
    Ok(key)
}
