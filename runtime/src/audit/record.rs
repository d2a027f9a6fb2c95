//! One record: a line of JSON whose members stand in one order and one spelling.
//!
//! ```text
//! {"log_id":"..","writer_id":3,"epoch":12,"seq":345,"time":"..","type":"event","prev":"..","body":{..},"mac":".."}
//! ```
//!
//! The digest covers all bytes before `,"mac"`, and `mac` the digest; `prev` is the SHA-256 of the
//! whole line before, its MAC included. The first record of an epoch has `sealed` behind `prev`: the
//! MAC of the end of the epoch before. Reading accepts this spelling and no other.

use sha2::{Digest as _, Sha256};

use super::hex;
use super::key::{EpochKey, LogId};
use crate::event::write_natural;

/// Bytes of a body at most: the spool's bound for an event.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;
/// Bytes of a line at most.
pub(super) const MAX_LINE_BYTES: usize = MAX_BODY_BYTES + 1024;
/// The start of the member that only the first record of an epoch has.
const SEALED: &[u8] = b"\",\"sealed\":\"";
/// The bytes of `,"mac":"` and of what follows it.
const MAC_START: &[u8] = b",\"mac\":\"";
const MAC_BYTES: usize = MAC_START.len() + 64 + 2;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first of a segment, and only that.
    Genesis,
    /// An operation that has ended.
    Event,
    /// An operation that begins.
    Begun,
    /// An operation that had begun in another lane, whose process died.
    Interrupted,
    /// The end of another lane, whose process is gone.
    Recovered,
    /// Events that could not be written.
    Missed,
    /// The end of this lane.
    Closed,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::Genesis, "genesis"),
    (Kind::Event, "event"),
    (Kind::Begun, "begun"),
    (Kind::Interrupted, "interrupted"),
    (Kind::Recovered, "recovered"),
    (Kind::Missed, "missed"),
    (Kind::Closed, "closed"),
];

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    fn parse(name: &[u8]) -> Option<Self> {
        KINDS.iter().find(|(_, known)| known.as_bytes() == name).map(|(kind, _)| *kind)
    }
}

/// A time as records write it.
pub(super) type Time = [u8; 27];

/// What stands before the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) log_id: LogId,
    pub(super) writer_id: u32,
    pub(super) epoch: u64,
    pub(super) seq: u64,
    /// RFC 3339 in UTC with microseconds.
    pub(super) time: Time,
    pub(super) kind: Kind,
    pub(super) prev: [u8; 32],
    /// On the first record of an epoch but for the first: the seal of the epoch before.
    pub(super) sealed: Option<[u8; 32]>,
}

/// Writes a sealed line, with its newline, over what `out` held. Returns the digest of the line.
pub(super) fn write(header: &Header, body: &[u8], key: &EpochKey, out: &mut Vec<u8>) -> [u8; 32] {
    out.clear();
    out.extend_from_slice(b"{\"log_id\":\"");
    hex::append(&header.log_id, out);
    out.extend_from_slice(b"\",\"writer_id\":");
    write_natural(header.writer_id.into(), out);
    out.extend_from_slice(b",\"epoch\":");
    write_natural(header.epoch, out);
    out.extend_from_slice(b",\"seq\":");
    write_natural(header.seq, out);
    out.extend_from_slice(b",\"time\":\"");
    out.extend_from_slice(&header.time);
    out.extend_from_slice(b"\",\"type\":\"");
    out.extend_from_slice(header.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"prev\":\"");
    hex::append(&header.prev, out);
    if let Some(sealed) = &header.sealed {
        out.extend_from_slice(SEALED);
        hex::append(sealed, out);
    }
    out.extend_from_slice(b"\",\"body\":");
    out.extend_from_slice(body);
    let mut hash = Sha256::new();
    hash.update(&*out);
    let sealed = out.len();
    let mac = key.seal(&hash.clone().finalize().into());
    out.extend_from_slice(MAC_START);
    hex::append(&mac, out);
    out.extend_from_slice(b"\"}");
    hash.update(&out[sealed..]);
    out.push(b'\n');
    hash.finalize().into()
}

/// A line that has the spelling of a record. Nothing says yet that its MAC is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) header: Header,
    pub(super) body: &'a [u8],
    /// What the MAC covers.
    sealed: &'a [u8],
    tail: &'a [u8],
    pub(super) mac: [u8; 32],
}

impl<'a> Line<'a> {
    /// Reads a line without its newline.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let (sealed, tail) = line.split_at_checked(line.len().checked_sub(MAC_BYTES)?)?;
        let digits = tail.strip_prefix(MAC_START)?.strip_suffix(b"\"}")?;
        let mut mac = [0; 32];
        if !hex::decode(digits, &mut mac) {
            return None;
        }
        let mut rest = Rest(sealed);
        let header = Header {
            log_id: rest.member(b"{\"log_id\":\"", Rest::hex)?,
            writer_id: rest.member(b"\",\"writer_id\":", Rest::natural)?.try_into().ok()?,
            epoch: rest.member(b",\"epoch\":", Rest::natural)?,
            seq: rest.member(b",\"seq\":", Rest::natural)?,
            time: rest.member(b",\"time\":\"", Rest::time)?,
            kind: Kind::parse(rest.member(b"\",\"type\":\"", Rest::word)?)?,
            prev: rest.member(b"\",\"prev\":\"", Rest::hex)?,
            sealed: match rest.0.starts_with(SEALED) {
                true => Some(rest.member(SEALED, Rest::hex)?),
                false => None,
            },
        };
        let body = rest.0.strip_prefix(b"\",\"body\":")?;
        let is_object = body.len() >= 2 && body[0] == b'{' && body[body.len() - 1] == b'}';
        is_object.then_some(Self { header, body, sealed, tail, mac })
    }

    /// Where the body stands in the line.
    pub(super) fn body_range(&self) -> std::ops::Range<usize> {
        self.sealed.len() - self.body.len()..self.sealed.len()
    }

    /// The digest that the MAC covers, and that of the whole line.
    pub(super) fn digests(&self) -> ([u8; 32], [u8; 32]) {
        let mut hash = Sha256::new();
        hash.update(self.sealed);
        let sealed = hash.clone().finalize().into();
        hash.update(self.tail);
        (sealed, hash.finalize().into())
    }
}

/// The digest that the next record names as `prev`.
pub(super) fn digest(line: &[u8]) -> [u8; 32] {
    Sha256::digest(line).into()
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn member<T>(&mut self, start: &[u8], read: fn(&mut Self) -> Option<T>) -> Option<T> {
        self.0 = self.0.strip_prefix(start)?;
        read(self)
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn hex<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        hex::decode(self.take(2 * N)?, &mut bytes).then_some(bytes)
    }

    /// Digits without a zero in front.
    fn natural(&mut self) -> Option<u64> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.take(len)?;
        let is_padded = digits.len() > 1 && digits[0] == b'0';
        if digits.is_empty() || is_padded {
            return None;
        }
        let step = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add((digit - b'0').into());
        digits.iter().try_fold(0, step)
    }

    fn time(&mut self) -> Option<Time> {
        const FORM: &Time = b"0000-00-00T00:00:00.000000Z";
        let time: &Time = self.take(FORM.len())?.try_into().ok()?;
        let fits = |(byte, form): (&u8, &u8)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        };
        time.iter().zip(FORM).all(fits).then_some(*time)
    }

    fn word(&mut self) -> Option<&'a [u8]> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        self.take(len)
    }
}
