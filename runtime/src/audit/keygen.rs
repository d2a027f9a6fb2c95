//! Makes the keys of a new log.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::builder::{SEALING_KEY, SIGNING_KEY};
use super::checkpoint::{PublicKey, SigningKey};
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

/// Does what [`keygen`] does, and makes a `signing.key` for checkpoints beside it. When either cannot
/// be made, neither is left.
///
/// # Errors
///
/// As [`keygen`], and when the directory has a signing key already.
pub fn keygen_signed(directory: &Path) -> Result<VerificationKey, Error> {
    let public = make_signing(directory)
        .map_err(|error| Error::storage("the signing key cannot be made", error))?;
    match keygen(directory) {
        Ok(key) => Ok(key.with_public(public)),
        Err(error) => {
            let _ = std::fs::remove_file(directory.join(SIGNING_KEY));
            Err(error)
        }
    }
}

/// Makes the signing key, or leaves none of its own.
fn make_signing(directory: &Path) -> io::Result<PublicKey> {
    RealDisk.prepare(directory)?;
    if directory.join(SEALING_KEY).try_exists()? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let seed = Secret::random()?;
    let text = Zeroizing::new(format!("{SIGNING_PREFIX} {}\n", *seed.to_hex()));
    let path = directory.join(SIGNING_KEY);
    let mut file = create_private(OpenOptions::new().write(true), &path)?;
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    Ok(SigningKey::new(&seed).public())
}

/// Makes the sealing key, or leaves none of its own.
fn make(directory: &Path) -> io::Result<VerificationKey> {
    RealDisk.prepare(directory)?;
    let key = VerificationKey::generate()?;
    let path = directory.join(SEALING_KEY);
    if let Err(error) = key::write_new(&RealDisk, &path, *key.log(), key.chain()) {
        if error.kind() != io::ErrorKind::AlreadyExists {
            let _ = std::fs::remove_file(&path);
        }
        return Err(error);
    }
    let _ = RealDisk.sync_directory(directory);
    Ok(key)
}
