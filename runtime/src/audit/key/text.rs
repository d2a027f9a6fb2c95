//! The keys that people carry, as lines of text.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use super::sealing::PREFIX as SEALING_PREFIX;
use super::{ChainKey, LogId, NoteKey, Secret, random_bytes};
use crate::audit::checkpoint::PublicKey;
use crate::audit::hex;
use crate::error::Error;

const VERIFICATION_PREFIX: &str = "toolwatch-audit-verify-v1";
pub(in crate::audit) const SIGNING_PREFIX: &str = "toolwatch-audit-sign-v1";
/// A key file is a few lines; a longer one is none of ours.
const MAX_FILE_BYTES: u64 = 4096;

/// The key that checks a log, and with which one could forge it: keep it where the server is not.
///
/// As text it is `toolwatch-audit-verify-v1 LOG_ID KEY`, both in hexadecimal digits. A second line
/// may hold the public key of signed checkpoints, in the form of C2SP `signed-note`.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// # let directory = tempfile::tempdir().unwrap();
/// let key = toolwatch::audit::keygen(directory.path())?;
/// let text = key.to_text();
/// let read = toolwatch::audit::VerificationKey::from_text(&text)?;
/// assert_eq!(read.log_id(), key.log_id());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct VerificationKey {
    log_id: LogId,
    root: Secret,
    public: Option<PublicKey>,
}

impl VerificationKey {
    pub(in crate::audit) fn generate() -> io::Result<Self> {
        Ok(Self { log_id: random_bytes()?, root: Secret::random()?, public: None })
    }

    pub(in crate::audit) fn with_public(mut self, public: PublicKey) -> Self {
        self.public = Some(public);
        self
    }

    /// Reads the key from its text.
    ///
    /// # Errors
    ///
    /// When the text is not of the form that [`to_text`](Self::to_text) writes.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| {
            let text = text.trim_start();
            let is_of_server = text.starts_with(SEALING_PREFIX) || text.starts_with(SIGNING_PREFIX);
            Error::configuration(match is_of_server {
                true => "this is a key of the server, not the verification key of an audit log",
                false => "this is no verification key of an audit log",
            })
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut words = lines.next()?.split(' ');
        if words.next()? != VERIFICATION_PREFIX {
            return None;
        }
        let mut log_id = LogId::default();
        if !hex::decode(words.next()?.as_bytes(), &mut log_id) {
            return None;
        }
        let root = Secret::from_hex(words.next()?.as_bytes())?;
        let public = lines.next().map(|line| PublicKey::parse(line, &log_id));
        if words.next().is_some() || matches!(public, Some(None)) || lines.next().is_some() {
            return None;
        }
        Some(Self { log_id, root, public: public.flatten() })
    }

    /// Reads the key from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds no such key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::File::open(path)
            .and_then(read_text)
            .map_err(|error| Error::storage("the verification key cannot be read", error))?;
        Self::from_text(&text)
    }

    /// The key as text. Whoever reads it can forge the log.
    #[must_use]
    pub fn to_text(&self) -> String {
        let (log_id, root) = (hex::encode(&self.log_id), self.root.to_hex());
        let mut text = format!("{VERIFICATION_PREFIX} {log_id} {}\n", *root);
        if let Some(public) = &self.public {
            text.push_str(&public.to_text(&self.log_id));
            text.push('\n');
        }
        text
    }

    /// The id of the log that it checks, in hexadecimal digits.
    #[must_use]
    pub fn log_id(&self) -> String {
        hex::encode(&self.log_id)
    }

    /// The public key of signed checkpoints, as C2SP `signed-note` writes it.
    #[must_use]
    pub fn public_key(&self) -> Option<String> {
        self.public.as_ref().map(|public| public.to_text(&self.log_id))
    }

    pub(in crate::audit) fn log(&self) -> &LogId {
        &self.log_id
    }

    pub(in crate::audit) fn signer(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// The key of checkpoints that the verifier makes.
    pub(in crate::audit) fn notes(&self) -> NoteKey {
        NoteKey::of_verifier(&self.root, &self.log_id)
    }

    /// The key chain from its start.
    pub(in crate::audit) fn chain(&self) -> ChainKey {
        ChainKey::first(&self.root, &self.log_id)
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerificationKey").field("log_id", &self.log_id()).finish_non_exhaustive()
    }
}

/// Reads a key file whole, into memory that is wiped.
pub(in crate::audit) fn read_text(file: std::fs::File) -> io::Result<Zeroizing<String>> {
    use std::io::Read as _;
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize + 1));
    file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
