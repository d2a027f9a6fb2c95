//! The keys of a log, and how one follows from another.
//!
//! ```text
//! root -> chain 0 -> chain 1 -> ...          one link per writer; only the next one is on disk
//!            |          |
//!         epoch 0    epoch 0 -> epoch 1 -> ...    only the current one is in memory
//!                       |          |
//!                     record, checkpoint keys
//! ```
//!
//! The key of the verifier's own checkpoints follows from the root as well. Every arrow is one step of
//! HKDF, so nothing leads back: whoever takes the keys at some moment
//! can seal what comes, and nothing that was before. The root stays with the verifier.

mod sealing;
mod secret;
mod text;

pub(super) use sealing::{MAX_OPEN, SealingKey, SealingState, peruse, write_new};
pub(super) use secret::{Secret, random_bytes};
pub use text::VerificationKey;
pub(super) use text::{SIGNING_PREFIX, read_text};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Tells logs apart.
pub(super) type LogId = [u8; 16];

/// The key from which the keys of one writer, and of all later ones, follow.
#[derive(Clone)]
pub(super) struct ChainKey {
    pub(super) secret: Secret,
    /// The writer that comes next.
    pub(super) writer_id: u32,
}

impl ChainKey {
    /// The start of a log's chain.
    pub(super) fn first(root: &Secret, log_id: &LogId) -> Self {
        let info = [b"toolwatch audit v1 log ", log_id.as_slice()].concat();
        Self { secret: root.expand(&info), writer_id: 0 }
    }

    /// The key of the writer that comes next.
    pub(super) fn writer(&self) -> EpochKey {
        EpochKey::new(self.secret.expand(b"toolwatch audit v1 writer"), 0)
    }

    /// Forgets this writer's keys.
    pub(super) fn advance(&mut self) {
        self.secret = self.secret.expand(b"toolwatch audit v1 next writer");
        self.writer_id = self.writer_id.saturating_add(1);
    }
}

/// The key that seals checkpoints: those of an epoch, or the verifier's own.
pub(super) struct NoteKey(Hmac<Sha256>);

impl NoteKey {
    /// The key of the verifier's own checkpoints. It follows from the root alone, so none of the keys
    /// that a server ever had leads to it.
    pub(super) fn of_verifier(root: &Secret, log_id: &LogId) -> Self {
        let info = [b"toolwatch audit v1 verifier ", log_id.as_slice()].concat();
        Self(root.expand(&info).hmac())
    }

    /// The MAC of a checkpoint's text.
    pub(super) fn seal(&self, text: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// Whether this is the MAC of a checkpoint's text, in constant time.
    pub(super) fn verify(&self, text: &[u8], mac: &[u8; 32]) -> bool {
        let mut expected = self.0.clone();
        expected.update(text);
        expected.verify_slice(mac).is_ok()
    }
}

/// The key of one epoch of one writer.
#[derive(Clone)]
pub(super) struct EpochKey {
    secret: Secret,
    pub(super) epoch: u64,
    /// HMAC under the record key, with the key's block already taken in.
    records: Hmac<Sha256>,
}

impl EpochKey {
    fn new(secret: Secret, epoch: u64) -> Self {
        let records = secret.expand(b"toolwatch audit v1 record").hmac();
        Self { secret, epoch, records }
    }

    /// Forgets this epoch's keys.
    pub(super) fn advance(&mut self) {
        *self = Self::new(
            self.secret.expand(b"toolwatch audit v1 next epoch"),
            self.epoch.saturating_add(1),
        );
    }

    /// What says that this epoch ended with the record of this digest. The next epoch's first record
    /// carries it, so that whoever has the next key cannot let this epoch end elsewhere.
    pub(super) fn seal_end(&self, head: &[u8; 32]) -> [u8; 32] {
        let mut mac = self.secret.expand(b"toolwatch audit v1 epoch end").hmac();
        mac.update(head);
        mac.finalize().into_bytes().into()
    }

    /// The MAC of a record with this digest.
    pub(super) fn seal(&self, digest: &[u8; 32]) -> [u8; 32] {
        let mut mac = self.records.clone();
        mac.update(digest);
        mac.finalize().into_bytes().into()
    }

    /// Whether this is the MAC of a record with this digest, in constant time.
    pub(super) fn verify(&self, digest: &[u8; 32], mac: &[u8; 32]) -> bool {
        let mut expected = self.records.clone();
        expected.update(digest);
        expected.verify_slice(mac).is_ok()
    }

    /// The key of the checkpoints of this epoch.
    pub(super) fn checkpoints(&self) -> NoteKey {
        NoteKey(self.secret.expand(b"toolwatch audit v1 checkpoint").hmac())
    }
}

impl Secret {
    fn hmac(&self) -> Hmac<Sha256> {
        Hmac::new((&*self.padded()).into())
    }
}
