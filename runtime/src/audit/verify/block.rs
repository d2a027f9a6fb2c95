//! Lines in blocks: as many as a thread looks at before it hands them on.
//!
//! A block of records takes about 1 MiB, and one of newlines, the worst that a file can be, 8 MiB.

use std::io::{self, BufRead as _, Read};

use super::look::Look;
use crate::audit::record::MAX_LINE_BYTES;

/// Bytes of a block: some hundred records. Longer than the longest line.
pub(super) const BLOCK_BYTES: usize = 512 * 1024;
/// A longer line is no record, and comes in pieces of this length.
pub(super) const PIECE_BYTES: usize = MAX_LINE_BYTES + 1;

/// Whole lines one after the other, but for pieces of those that are too long.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Small, because a block can be all newlines.
    places: Vec<Place>,
    /// Those of the places that have one, in their order.
    looks: Vec<Look>,
}

/// Where a line, or a piece of one, ends in a block; it starts behind the one before.
struct Place {
    end: u32,
    has_end: bool,
    has_look: bool,
}

/// A line without its newline, or a piece of one that is too long.
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether the line ends here.
    pub(super) has_end: bool,
    /// What was seen in it, where it has the spelling of a record.
    pub(super) look: Option<&'a Look>,
}

impl Block {
    /// Takes what is in `rest` and then what comes from `source`, and leaves the part of a line at
    /// its end in `rest`. True at the end of `source`.
    ///
    /// # Errors
    /// Fails when `source` cannot be read.
    pub(super) fn fill(&mut self, source: &mut impl Read, rest: &mut Vec<u8>) -> io::Result<bool> {
        self.places.clear();
        self.looks.clear();
        self.bytes.clear();
        self.bytes.reserve_exact(BLOCK_BYTES);
        self.bytes.append(rest);
        let room = BLOCK_BYTES.saturating_sub(self.bytes.len());
        let taken = source.take(room as u64).read_to_end(&mut self.bytes)?;
        let last = self.bytes.iter().rposition(|&byte| byte == b'\n');
        let whole = last.map_or(0, |last| last + 1);
        let end = whole + (self.bytes.len() - whole) / PIECE_BYTES * PIECE_BYTES;
        rest.extend_from_slice(&self.bytes[end..]);
        self.bytes.truncate(end);
        Ok(taken < room)
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The lines, one after the other.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let (mut start, mut looks) = (0, self.looks.iter());
        self.places.iter().map(move |&Place { end, has_end, has_look }| {
            let bytes = self.bytes.get(start..end as usize).unwrap_or_default();
            start = end as usize + usize::from(has_end);
            Piece { bytes, has_end, look: if has_look { looks.next() } else { None } }
        })
    }

    /// Looks at each line.
    pub(super) fn look(&mut self) {
        let (mut start, all) = (0, self.bytes.as_slice());
        while start < all.len() {
            let mut piece = &all[start..all.len().min(start + PIECE_BYTES)];
            // Reading from memory does not fail.
            let taken = piece.skip_until(b'\n').unwrap_or_default().max(1);
            let whole = &all[start..start + taken];
            let line = whole.strip_suffix(b"\n").unwrap_or(whole);
            let (end, has_end) = ((start + line.len()) as u32, line.len() < whole.len());
            let look = Look::at(line);
            self.places.push(Place { end, has_end, has_look: look.is_some() });
            self.looks.extend(look);
            start += taken;
        }
    }
}
