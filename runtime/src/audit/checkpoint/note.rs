//! Checkpoints as text: writing signatures, and finding notes in a file or in a captured stderr.

use std::io::{self, BufRead};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Checkpoint, ORIGIN, PublicKey, key_name, sign};
use crate::audit::hex;
use crate::audit::key::{EpochKey, LogId, NoteKey};

/// What the key of the HMAC is called where a public key would stand. `0xff` begins such names.
const MAC_KEY: &[u8] = b"\xfftoolwatch.audit/hmac-sha256";
/// The same for the key of the verifier's own checkpoints.
const VERIFIER_KEY: &[u8] = b"\xfftoolwatch.audit/verifier-hmac-sha256";
/// How a note is marked in a stream of other lines.
pub(super) const MARK: &str = "{\"toolwatch_checkpoint\":\"";
/// A note has below 1 KiB; more lines or longer ones are none.
const MAX_LINE_BYTES: usize = 8192;
const MAX_LINES: usize = 16;

/// A note that was found.
#[derive(Debug)]
pub(in crate::audit) struct Note {
    pub(in crate::audit) log_id: LogId,
    pub(in crate::audit) checkpoint: Checkpoint,
    text: String,
    macs: Vec<([u8; 4], [u8; 32])>,
    signatures: Vec<([u8; 4], [u8; 64])>,
    /// Whether the verifier has made it, once that was looked at.
    is_own: bool,
    /// Whether the signing key has signed it, once that was looked at.
    is_signed: Option<bool>,
    /// Whether something behind it says that there is no more of it.
    is_ended: bool,
}

pub(super) fn mac_key_id(log_id: &LogId) -> [u8; 4] {
    sign::key_id(log_id, MAC_KEY)
}

pub(super) fn verifier_key_id(log_id: &LogId) -> [u8; 4] {
    sign::key_id(log_id, VERIFIER_KEY)
}

/// Appends a signature line.
pub(super) fn sign(note: &mut String, log_id: &LogId, key_id: [u8; 4], signature: &[u8]) {
    let blob = STANDARD.encode([&key_id, signature].concat());
    note.push_str(&format!("\u{2014} {} {blob}\n", key_name(log_id)));
}

impl Note {
    /// Looks, once, whether the signing key has signed it, where there is one. Costs some 50 us.
    pub(in crate::audit) fn check_signature(&mut self, signer: Option<&PublicKey>) {
        if self.is_signed.is_none() {
            self.is_signed = Some(signer.is_none_or(|signer| {
                let id = signer.key_id(&self.log_id);
                let mut own = self.signatures.iter().filter(|(key_id, _)| *key_id == id);
                own.any(|(_, signature)| signer.verify(self.text.as_bytes(), signature))
            }));
        }
    }

    /// Looks whether the verifier has made it.
    pub(in crate::audit) fn check_own(&mut self, key: &NoteKey) {
        self.is_own = self.is_sealed(verifier_key_id(&self.log_id), key);
    }

    /// Whether the verifier has made it, as far as that was looked at.
    pub(in crate::audit) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Whether the holder of this epoch's key, and of the signing key where there is one, made it.
    /// A note whose signature was not looked at is not authentic.
    pub(in crate::audit) fn is_authentic(&self, key: &EpochKey) -> bool {
        self.is_signed == Some(true) && self.is_sealed(mac_key_id(&self.log_id), &key.checkpoints())
    }

    fn is_sealed(&self, id: [u8; 4], key: &NoteKey) -> bool {
        let mut own = self.macs.iter().filter(|(key_id, _)| *key_id == id);
        own.any(|(_, mac)| key.verify(self.text.as_bytes(), mac))
    }

    /// Whether this is all of the note: a kill can end its write behind the text, or behind one of
    /// two signatures.
    pub(in crate::audit) fn is_whole(&self, signer: Option<&PublicKey>) -> bool {
        let has_signature = |signer: &PublicKey| {
            let id = signer.key_id(&self.log_id);
            self.signatures.iter().any(|(key_id, _)| *key_id == id)
        };
        let has_mac = |id: [u8; 4]| self.macs.iter().any(|(key_id, _)| *key_id == id);
        self.is_ended
            || has_mac(verifier_key_id(&self.log_id))
            || (has_mac(mac_key_id(&self.log_id)) && signer.is_none_or(has_signature))
    }

    fn parse(note: &str, is_ended: bool) -> Option<Self> {
        let (text, signatures) = note.split_once("\n\n")?;
        let text = format!("{text}\n");
        let (log_id, checkpoint) = parse_text(&text)?;
        let mut parsed = Self {
            log_id,
            checkpoint,
            text,
            macs: Vec::new(),
            signatures: Vec::new(),
            is_own: false,
            is_signed: None,
            is_ended,
        };
        for line in signatures.lines() {
            let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            let blob = STANDARD.decode(blob).ok()?;
            let (key_id, signature) = blob.split_first_chunk::<4>()?;
            if name != key_name(&log_id) {
                continue;
            }
            // What has another length is no seal of ours, or a part of one.
            if let Ok(mac) = signature.try_into() {
                parsed.macs.push((*key_id, mac));
            } else if let Ok(signature) = signature.try_into() {
                parsed.signatures.push((*key_id, signature));
            }
        }
        Some(parsed)
    }
}

/// Reads the signed part, and refuses every other spelling of the same.
fn parse_text(text: &str) -> Option<(LogId, Checkpoint)> {
    let mut lines = text.lines();
    let (log, writer) = lines.next()?.strip_prefix(ORIGIN)?.split_once('/')?;
    let mut log_id = LogId::default();
    if !hex::decode(log.as_bytes(), &mut log_id) {
        return None;
    }
    let checkpoint = Checkpoint {
        writer_id: writer.parse().ok()?,
        size: lines.next()?.parse().ok()?,
        head: STANDARD.decode(lines.next()?).ok()?.try_into().ok()?,
        epoch: lines.next()?.strip_prefix("epoch ")?.parse().ok()?,
        time: lines.next()?.strip_prefix("time ")?.to_owned(),
        closed: lines.next() == Some("closed"),
    };
    (checkpoint.to_text(&log_id) == text).then_some((log_id, checkpoint))
}

/// Hands every note in `source` to `take`, and counts what begins like one and is none: a torn
/// write, most likely. Lines that have nothing to do with notes are passed over.
///
/// # Errors
/// Fails when `source` cannot be read.
pub(in crate::audit) fn read_notes(
    source: &mut dyn BufRead,
    mut take: impl FnMut(Note),
) -> io::Result<u64> {
    let (mut found, mut unreadable) = (String::new(), 0);
    let mut finish = |found: &mut String, unreadable: &mut u64, is_ended: bool| {
        if !found.is_empty() {
            match Note::parse(found, is_ended) {
                Some(note) => take(note),
                None => *unreadable += 1,
            }
            found.clear();
        }
    };
    let mut bytes = Vec::new();
    while read_line(source, &mut bytes)? {
        let line = String::from_utf8_lossy(&bytes);
        let is_signature = line.starts_with('\u{2014}');
        let in_note = !found.is_empty() && found.lines().count() < MAX_LINES;
        if let Some((_, rest)) = line.split_once(MARK) {
            finish(&mut found, &mut unreadable, false);
            found = unescape(rest).unwrap_or_else(|| "torn".to_owned());
            finish(&mut found, &mut unreadable, true);
        } else if line.starts_with(ORIGIN) {
            finish(&mut found, &mut unreadable, false);
            found.push_str(&line);
        } else if in_note && (is_signature || !found.contains("\n\n")) {
            found.push_str(&line);
        } else {
            finish(&mut found, &mut unreadable, line == "\n");
        }
    }
    finish(&mut found, &mut unreadable, false);
    Ok(unreadable)
}

/// One line, cut at the bound; false at the end.
fn read_line(source: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let have = source.fill_buf()?;
        if have.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = have.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(have.len());
        let room = MAX_LINE_BYTES.saturating_sub(line.len()).min(used);
        line.extend_from_slice(&have[..room]);
        source.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// The inside of a JSON string that ends somewhere on this line.
fn unescape(rest: &str) -> Option<String> {
    let end = rest.find('"')?;
    serde_json::from_str(&format!("\"{}\"", &rest[..end])).ok()
}
