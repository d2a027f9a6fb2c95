//! A run of events taken out for sending. They stay in the spool until they are settled.

use std::io;
use std::sync::Arc;

use super::ack::Acknowledged;
use super::disk::DiskFile;
use super::scan::Scanner;

/// How many events and bytes one batch may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Events of a batch.
    pub(crate) max_events: usize,
    /// Bytes of a batch's events, as far as one event does not exceed them alone.
    pub(crate) max_bytes: usize,
}

/// Where the next events are: told under the lock, read without it.
pub(super) struct Source {
    pub(super) name: Arc<str>,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) common: Arc<[u8]>,
    pub(super) adopted: bool,
    pub(super) from: Acknowledged,
    pub(super) limit: u64,
    /// The sequence number that comes behind the limit; 0 when nothing will be written there.
    pub(super) end_sequence: u32,
    /// Events between the two positions.
    pub(super) waiting: u64,
}

/// Events taken out for sending, the first of them next.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The segment; none for the memory queue.
    pub(super) segment: Option<Arc<str>>,
    pub(super) adopted: bool,
    common: Arc<[u8]>,
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// Events settled so far.
    first: usize,
    /// Damaged records behind the last event, when the source was read to its end.
    tail: Option<(Acknowledged, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    end: usize,
    upto: Acknowledged,
    lost_before: u64,
}

/// A part of a claim, as settling needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) upto: Acknowledged,
    pub(super) events: u64,
    pub(super) lost: u64,
}

impl Claim {
    /// A claim on events that were taken out of the memory queue.
    pub(super) fn of_memory(events: Vec<Box<[u8]>>, common: Arc<[u8]>) -> Self {
        let mut claim = Self {
            segment: None,
            adopted: false,
            common,
            bytes: Vec::new(),
            marks: Vec::new(),
            first: 0,
            tail: None,
        };
        for event in events {
            claim.push(&event, Acknowledged::default(), 0);
        }
        claim
    }

    /// Reads a claim from a segment.
    pub(super) fn read(source: &Source, limits: Limits) -> io::Result<Self> {
        let segment = Some(Arc::clone(&source.name));
        let mut claim = Self {
            segment,
            adopted: source.adopted,
            common: Arc::clone(&source.common),
            bytes: Vec::new(),
            marks: Vec::new(),
            first: 0,
            tail: None,
        };
        let mut scanner = Scanner::new(
            &*source.file,
            source.from.offset,
            source.from.next_sequence,
            source.limit,
        );
        let mut seen = 0;
        while claim.marks.len() < limits.max_events {
            let Some(found) = scanner.next_record()? else {
                // Past the damaged records at the end, which the next claim must not count again.
                let next_sequence = scanner.next_sequence().max(source.end_sequence);
                let upto = Acknowledged { offset: source.limit, next_sequence };
                claim.tail = Some((upto, source.waiting.saturating_sub(seen)));
                break;
            };
            if !claim.marks.is_empty() && claim.bytes.len() + found.payload.len() > limits.max_bytes
            {
                break;
            }
            // A damaged sequence number must not account for more than there is.
            let room = source.waiting.saturating_sub(seen + 1);
            let (lost_before, offset) = (found.lost_before.min(room), found.end);
            seen += 1 + lost_before;
            claim.bytes.extend_from_slice(found.payload);
            let upto = Acknowledged { offset, next_sequence: scanner.next_sequence() };
            claim.marks.push(Mark { end: claim.bytes.len(), upto, lost_before });
        }
        Ok(claim)
    }

    fn push(&mut self, payload: &[u8], upto: Acknowledged, lost_before: u64) {
        self.bytes.extend_from_slice(payload);
        self.marks.push(Mark { end: self.bytes.len(), upto, lost_before });
    }

    /// Events that are not settled.
    pub(crate) fn len(&self) -> usize {
        self.marks.len() - self.first
    }

    /// The members that all events share.
    pub(crate) fn common(&self) -> &[u8] {
        &self.common
    }

    /// The payloads of the first `count` events.
    pub(crate) fn payloads(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        let start = |index: usize| {
            if index == 0 { 0 } else { self.marks[index - 1].end }
        };
        let upto = self.marks.len().min(self.first.saturating_add(count));
        (self.first..upto).map(move |index| &self.bytes[start(index)..self.marks[index].end])
    }

    /// Everything that the claim covers, damaged records included.
    pub(super) fn covered(&self) -> u64 {
        let marks: u64 = self.marks.iter().map(|mark| 1 + mark.lost_before).sum();
        marks + self.tail.map_or(0, |(_, lost)| lost)
    }

    /// Takes the first `count` events off the claim.
    pub(super) fn split_off(&mut self, count: usize) -> Option<Part> {
        let count = count.min(self.len());
        let marks = &self.marks[self.first..self.first + count];
        let mut part = Part {
            upto: marks.last().map_or_else(Acknowledged::default, |mark| mark.upto),
            events: count as u64,
            lost: marks.iter().map(|mark| mark.lost_before).sum(),
        };
        self.first += count;
        match self.tail.take_if(|_| self.first == self.marks.len()) {
            Some((upto, lost)) => {
                part.upto = upto;
                part.lost += lost;
            }
            None if count == 0 => return None,
            None => {}
        }
        Some(part)
    }
}
