//! Ed25519 keys of checkpoints, in C2SP's spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::key_name;
use crate::audit::hex;
use crate::audit::key::{LogId, SIGNING_PREFIX, Secret};

/// The type of Ed25519 signatures in a signed note.
const ED25519: u8 = 1;

/// The key that signs a server's checkpoints. It is wiped when it is dropped.
pub(in crate::audit) struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    pub(in crate::audit) fn new(seed: &Secret) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.bytes()))
    }

    /// Reads the text of a key file.
    pub(in crate::audit) fn from_text(text: &str) -> Option<Self> {
        let digits = text.trim_end().strip_prefix(SIGNING_PREFIX)?.strip_prefix(' ')?;
        Some(Self::new(&Secret::from_hex(digits.as_bytes())?))
    }

    pub(in crate::audit) fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.0.sign(text).to_bytes()
    }

    pub(in crate::audit) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

/// The key that checks them.
#[derive(Clone)]
pub(in crate::audit) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// `NAME+ID+KEY`, as C2SP `signed-note` writes verifier keys.
    pub(in crate::audit) fn to_text(&self, log_id: &LogId) -> String {
        let id = hex::encode(&self.key_id(log_id));
        format!("{}+{id}+{}", key_name(log_id), STANDARD.encode(self.typed()))
    }

    /// Reads a key of this log.
    pub(in crate::audit) fn parse(text: &str, log_id: &LogId) -> Option<Self> {
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let typed: [u8; 33] = STANDARD.decode(key).ok()?.try_into().ok()?;
        let bytes: &[u8; 32] = typed[1..].first_chunk()?;
        let public = Self(VerifyingKey::from_bytes(bytes).ok()?);
        let fits = name == key_name(log_id) && typed[0] == ED25519;
        (fits && id == hex::encode(&public.key_id(log_id))).then_some(public)
    }

    pub(in crate::audit) fn verify(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(text, &Signature::from_bytes(signature)).is_ok()
    }

    pub(in crate::audit) fn key_id(&self, log_id: &LogId) -> [u8; 4] {
        key_id(log_id, &self.typed())
    }

    fn typed(&self) -> [u8; 33] {
        let mut typed = [ED25519; 33];
        typed[1..].copy_from_slice(self.0.as_bytes());
        typed
    }
}

/// The first bytes of SHA-256 over the name, a newline, and the typed key.
pub(super) fn key_id(log_id: &LogId, typed: &[u8]) -> [u8; 4] {
    let mut hash = Sha256::new();
    hash.update(key_name(log_id));
    hash.update(b"\n");
    hash.update(typed);
    let digest: [u8; 32] = hash.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}
