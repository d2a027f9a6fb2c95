//! Checkpoints: how far a lane had come at a moment, said where the attacker does not reach.
//!
//! A checkpoint is a C2SP `signed-note` in the form of `tlog-checkpoint`: origin, size, head. The
//! head is that of a hash chain, not of a Merkle tree. One of a server carries an HMAC under the epoch's
//! checkpoint key, and an Ed25519 signature when the server has a signing key. One of the verifier
//! carries an HMAC under a key that was never on a server, and needs no signature.

mod note;
mod publish;
mod sign;

pub(super) use note::{Note, read_notes};
pub(super) use publish::{Publisher, Target};
pub(super) use sign::PublicKey;
pub(super) use sign::SigningKey;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hex;
use super::key::{EpochKey, LogId, NoteKey};

/// What origins and key names start with.
pub(super) const ORIGIN: &str = "toolwatch.audit/";

/// How far a lane has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) writer_id: u32,
    /// Records of the lane, over all its segments.
    pub(super) size: u64,
    /// The digest of the last one.
    pub(super) head: [u8; 32],
    /// The epoch of the key that seals this checkpoint: the last record's, or the next one.
    pub(super) epoch: u64,
    /// When it was made, by the server's clock, as records write it.
    pub(super) time: String,
    /// Whether the lane ends here.
    pub(super) closed: bool,
}

/// A checkpoint with its MAC, which only the present holder of the epoch's key can make.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    text: String,
    mac: [u8; 32],
}

impl Checkpoint {
    /// The part that is signed.
    pub(super) fn to_text(&self, log_id: &LogId) -> String {
        let Self { writer_id, size, epoch, time, .. } = self;
        let (log_id, head) = (hex::encode(log_id), STANDARD.encode(self.head));
        let closed = if self.closed { "closed\n" } else { "" };
        format!(
            "{ORIGIN}{log_id}/{writer_id}\n{size}\n{head}\nepoch {epoch}\ntime {time}\n{closed}"
        )
    }

    pub(super) fn seal(&self, log_id: &LogId, key: &EpochKey) -> Sealed {
        let text = self.to_text(log_id);
        let mac = key.checkpoints().seal(text.as_bytes());
        Sealed { text, mac }
    }

    /// The whole note of a checkpoint that the verifier has made.
    pub(super) fn to_own_note(&self, log_id: &LogId, key: &NoteKey) -> String {
        let text = self.to_text(log_id);
        let mac = key.seal(text.as_bytes());
        let mut note = format!("{text}\n");
        note::sign(&mut note, log_id, note::verifier_key_id(log_id), &mac);
        note
    }
}

impl Sealed {
    /// The whole note, with its signatures.
    pub(super) fn to_note(&self, log_id: &LogId, signing: Option<&SigningKey>) -> String {
        let mut note = format!("{}\n", self.text);
        note::sign(&mut note, log_id, note::mac_key_id(log_id), &self.mac);
        if let Some(signing) = signing {
            let signature = signing.sign(self.text.as_bytes());
            note::sign(&mut note, log_id, signing.public().key_id(log_id), &signature);
        }
        note
    }
}

/// The name under which a log's keys sign.
fn key_name(log_id: &LogId) -> String {
    format!("{ORIGIN}{}", hex::encode(log_id))
}
