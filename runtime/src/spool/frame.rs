//! The bytes of a segment: one header, then frames.
//!
//! Header: magic, version, length, CRC32C, creation time, and the JSON members that all events of
//! the segment share. Frame: magic, length, sequence number, CRC32C, payload. The sequence number
//! makes the number of lost records exact when something in the middle is damaged. The magic
//! numbers are not UTF-8, so they never occur inside a payload.

/// Starts a segment.
const SEGMENT_MAGIC: [u8; 4] = [0xF5, b'T', b'W', 0xF6];
/// Starts a frame.
pub(crate) const FRAME_MAGIC: [u8; 4] = [0xF7, b't', b'w', 0xF8];
/// The version of the format.
const VERSION: u32 = 1;
/// Bytes in front of a frame's payload.
pub(crate) const FRAME_HEADER: usize = 16;
/// Bytes in front of a segment's shared members.
pub(crate) const SEGMENT_HEADER: usize = 24;
/// No event may be larger: the encoder's own bound is far below, and a reader's buffer stays small.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// The shared members hold two names and two versions.
pub(crate) const MAX_COMMON_BYTES: usize = 16 * 1024;

/// Appends a segment's header to `out`.
pub(crate) fn write_header(out: &mut Vec<u8>, created_ms: u64, common: &[u8]) {
    let common = if common.len() <= MAX_COMMON_BYTES { common } else { &[] };
    let start = out.len();
    out.extend_from_slice(&SEGMENT_MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&u32::try_from(common.len()).unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&created_ms.to_le_bytes());
    out.extend_from_slice(common);
    let crc = header_crc(&out[start..]);
    out[start + 12..start + 16].copy_from_slice(&crc.to_le_bytes());
}

fn header_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

/// Appends a frame to `out`.
pub(crate) fn write_frame(out: &mut Vec<u8>, sequence: u32, payload: &[u8]) {
    out.extend_from_slice(&frame_header(sequence, payload));
    out.extend_from_slice(payload);
}

fn frame_header(sequence: u32, payload: &[u8]) -> [u8; FRAME_HEADER] {
    let mut header = [0; FRAME_HEADER];
    header[..4].copy_from_slice(&FRAME_MAGIC);
    let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    header[4..8].copy_from_slice(&len.to_le_bytes());
    header[8..12].copy_from_slice(&sequence.to_le_bytes());
    let crc = frame_crc(&header[4..12], payload);
    header[12..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// One event as a frame, made in place: the room for the frame's own bytes, then the payload. Spools
/// that are at the same sequence number, as those of several destinations are as a rule, write the
/// same bytes.
pub(crate) struct Frame<'a> {
    bytes: &'a mut Vec<u8>,
    /// The number that the frame's own bytes have, once they are written.
    sequence: Option<u32>,
}

impl<'a> Frame<'a> {
    /// An empty frame in a buffer, over what the buffer held.
    pub(crate) fn new(bytes: &'a mut Vec<u8>) -> Self {
        let mut frame = Self { bytes, sequence: None };
        frame.clear();
        frame
    }

    /// A frame with this payload.
    pub(crate) fn of(bytes: &'a mut Vec<u8>, payload: &[u8]) -> Self {
        let frame = Self::new(bytes);
        frame.bytes.extend_from_slice(payload);
        frame
    }

    /// Where to write the payload: behind what is there, which is no part of it.
    pub(crate) fn clear(&mut self) -> &mut Vec<u8> {
        self.sequence = None;
        self.bytes.clear();
        self.bytes.resize(FRAME_HEADER, 0);
        self.bytes
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.bytes.get(FRAME_HEADER..).unwrap_or_default()
    }

    /// The frame with this sequence number.
    pub(super) fn numbered(&mut self, sequence: u32) -> &[u8] {
        if self.sequence != Some(sequence)
            && let Some((own, payload)) = self.bytes.split_first_chunk_mut::<FRAME_HEADER>()
        {
            *own = frame_header(sequence, payload);
            self.sequence = Some(sequence);
        }
        self.bytes
    }
}

fn frame_crc(lengths: &[u8], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(lengths), payload)
}

/// The header of a segment, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The bytes that the header takes.
    pub(crate) len: u64,
    /// When the segment was made, in milliseconds since the Unix epoch.
    pub(crate) created_ms: u64,
    /// The JSON members that all events share.
    pub(crate) common: Vec<u8>,
}

/// Reads a header from the first bytes of a segment, when they are one.
pub(crate) fn read_header(bytes: &[u8]) -> Option<Header> {
    if bytes.get(..4)? != SEGMENT_MAGIC || read_u32(bytes, 4)? != VERSION {
        return None;
    }
    let common_len = read_u32(bytes, 8)? as usize;
    if common_len > MAX_COMMON_BYTES {
        return None;
    }
    let header = bytes.get(..SEGMENT_HEADER + common_len)?;
    if header_crc(header) != read_u32(header, 12)? {
        return None;
    }
    let created_ms = u64::from_le_bytes(header[16..24].try_into().ok()?);
    Some(Header { len: header.len() as u64, created_ms, common: header[SEGMENT_HEADER..].to_vec() })
}

/// What the bytes at a position are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peek {
    /// A whole frame with this sequence number and payload length.
    Frame(u32, usize),
    /// The start of a frame that needs this many bytes.
    Short(usize),
    /// No frame starts here.
    Garbage,
}

/// Looks at the bytes for a frame.
pub(crate) fn peek(bytes: &[u8]) -> Peek {
    let have = bytes.len().min(4);
    if bytes[..have] != FRAME_MAGIC[..have] {
        return Peek::Garbage;
    }
    let (Some(len), Some(sequence), Some(crc)) =
        (read_u32(bytes, 4), read_u32(bytes, 8), read_u32(bytes, 12))
    else {
        return Peek::Short(FRAME_HEADER);
    };
    let len = len as usize;
    if len > MAX_PAYLOAD_BYTES {
        return Peek::Garbage;
    }
    match bytes.get(FRAME_HEADER..FRAME_HEADER + len) {
        None => Peek::Short(FRAME_HEADER + len),
        Some(payload) if frame_crc(&bytes[4..12], payload) == crc => Peek::Frame(sequence, len),
        Some(_) => Peek::Garbage,
    }
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_in_place_has_the_bytes_of_one_that_is_written() {
        let (mut place, mut written) = (b"what was there before".to_vec(), Vec::new());
        let mut frame = Frame::of(&mut place, b"{\"a\":1}");
        for sequence in [0, 0, 7, 7, u32::MAX] {
            written.clear();
            write_frame(&mut written, sequence, b"{\"a\":1}");
            assert_eq!(frame.numbered(sequence), written);
            assert_eq!(peek(frame.numbered(sequence)), Peek::Frame(sequence, 7));
        }
        frame.clear().extend_from_slice(b"{}");
        assert_eq!(frame.payload(), b"{}");
        assert_eq!(peek(frame.numbered(u32::MAX)), Peek::Frame(u32::MAX, 2), "another payload");
    }
}
