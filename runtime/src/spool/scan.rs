//! Reads the frames of a segment one after the other, past damage, in bounded memory.

use std::io;

use super::frame::{self, FRAME_MAGIC, Header, MAX_COMMON_BYTES, Peek, SEGMENT_HEADER};

/// How much is read at once.
const WINDOW_BYTES: usize = 64 * 1024;

/// Bytes that can be read at any position.
pub(crate) trait ReadAt {
    /// Reads at `offset`; 0 means the end.
    ///
    /// # Errors
    /// Fails when the bytes cannot be read.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.get(at..)).unwrap_or(&[]);
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

/// Reads at `offset` until `into` is full or the end is reached, and tells how much it was.
///
/// # Errors
/// Fails when the bytes cannot be read.
pub(crate) fn read_full<R: ReadAt + ?Sized>(
    source: &R,
    offset: u64,
    into: &mut [u8],
) -> io::Result<usize> {
    let mut have = 0;
    while have < into.len() {
        match source.read_at(offset + have as u64, &mut into[have..])? {
            0 => break,
            read => have += read,
        }
    }
    Ok(have)
}

/// One record, found whole.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// The payload.
    pub(crate) payload: &'a [u8],
    /// The position behind the frame.
    pub(crate) end: u64,
    /// Records lost between the one before and this one.
    pub(crate) lost_before: u64,
}

/// What stands behind the last whole record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Bytes that are no record.
    pub(crate) bytes: u64,
    /// Records that those bytes seem to have been.
    pub(crate) lost: u64,
}

/// A pass over the frames of a segment.
pub(crate) struct Scanner<'a, R: ReadAt + ?Sized> {
    source: &'a R,
    /// Reading stops here, whatever the file holds by now.
    limit: u64,
    buffer: Vec<u8>,
    /// The position of the buffer's first byte.
    base: u64,
    /// The place in the buffer of the next byte to look at.
    at: usize,
    next_sequence: u32,
    /// The position behind the last whole record.
    good: u64,
    /// Frame starts seen since the last whole record.
    starts: u64,
}

impl<'a, R: ReadAt + ?Sized> Scanner<'a, R> {
    /// A pass from a frame's start, where `next_sequence` is expected, up to `limit`.
    pub(crate) fn new(source: &'a R, offset: u64, next_sequence: u32, limit: u64) -> Self {
        Self {
            source,
            limit,
            buffer: Vec::new(),
            base: offset,
            at: 0,
            next_sequence,
            good: offset,
            starts: 0,
        }
    }

    /// The next whole record.
    ///
    /// # Errors
    /// Fails when the source cannot be read.
    pub(crate) fn next_record(&mut self) -> io::Result<Option<Found<'_>>> {
        loop {
            match frame::peek(&self.buffer[self.at..]) {
                Peek::Frame(sequence, len) if sequence >= self.next_sequence => {
                    return Ok(Some(self.take(sequence, len)));
                }
                Peek::Short(need) if self.fill(need)? => {}
                Peek::Garbage
                    if self.buffer.len() - self.at < FRAME_MAGIC.len()
                        && self.fill(FRAME_MAGIC.len())? => {}
                Peek::Garbage | Peek::Frame(..) | Peek::Short(_) => {
                    if !self.skip()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// What is behind the last whole record, after the pass has come to the end.
    pub(crate) fn tail(&self) -> Tail {
        let bytes = (self.base + self.at as u64).saturating_sub(self.good);
        Tail { bytes, lost: if bytes == 0 { 0 } else { self.starts.max(1) } }
    }

    /// The position behind the last whole record.
    pub(crate) const fn good(&self) -> u64 {
        self.good
    }

    /// The sequence number that comes next.
    pub(crate) const fn next_sequence(&self) -> u32 {
        self.next_sequence
    }

    fn take(&mut self, sequence: u32, len: usize) -> Found<'_> {
        let start = self.at + frame::FRAME_HEADER;
        let lost_before = u64::from(sequence - self.next_sequence);
        self.at = start + len;
        self.good = self.base + self.at as u64;
        self.next_sequence = sequence.saturating_add(1);
        self.starts = 0;
        Found { payload: &self.buffer[start..start + len], end: self.good, lost_before }
    }

    /// Makes sure that `need` bytes from the present place are in the buffer.
    fn fill(&mut self, need: usize) -> io::Result<bool> {
        if self.buffer.len() - self.at >= need {
            return Ok(true);
        }
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        while self.buffer.len() < need {
            let have = self.buffer.len();
            let end = self.base + have as u64;
            let room = usize::try_from(self.limit.saturating_sub(end)).unwrap_or(usize::MAX);
            let want = room.min(WINDOW_BYTES.max(need - have));
            self.buffer.resize(have + want, 0);
            let read = match want {
                0 => 0,
                _ => self.source.read_at(end, &mut self.buffer[have..])?,
            };
            self.buffer.truncate(have + read);
            if read == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Moves to the next place where a frame may start; false at the end.
    fn skip(&mut self) -> io::Result<bool> {
        let rest = &self.buffer[self.at..];
        if rest.is_empty() {
            return self.fill(1);
        }
        self.starts += u64::from(rest.starts_with(&FRAME_MAGIC));
        let next = rest[1..].iter().position(|&byte| byte == FRAME_MAGIC[0]);
        self.at += next.map_or(rest.len(), |found| found + 1);
        Ok(self.at < self.buffer.len() || self.fill(1)?)
    }
}

/// Reads the header of a segment, when it is whole.
///
/// # Errors
/// Fails when the source cannot be read.
pub(crate) fn read_header<R: ReadAt + ?Sized>(source: &R) -> io::Result<Option<Header>> {
    let mut bytes = vec![0; SEGMENT_HEADER + MAX_COMMON_BYTES];
    let have = read_full(source, 0, &mut bytes)?;
    Ok(frame::read_header(&bytes[..have]))
}
