//! The queue in memory: the fallback of the spool, or all there is with `Durability::Memory`.

use std::collections::VecDeque;

/// What an entry costs beside its bytes: the slot in the queue and the allocator's own.
const OVERHEAD_BYTES: usize = 32;

/// Events in memory, bounded in bytes; the oldest give way.
#[derive(Debug)]
pub(crate) struct MemoryQueue {
    events: VecDeque<Box<[u8]>>,
    bytes: usize,
    max_bytes: usize,
}

impl MemoryQueue {
    /// An empty queue.
    pub(crate) const fn new(max_bytes: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, max_bytes }
    }

    /// Puts an event at the end, and tells how many had to give way: possibly this one.
    pub(crate) fn push(&mut self, payload: &[u8]) -> u64 {
        self.events.push_back(payload.into());
        self.bytes += payload.len() + OVERHEAD_BYTES;
        let mut dropped = 0;
        while self.bytes > self.max_bytes && self.pop().is_some() {
            dropped += 1;
        }
        dropped
    }

    /// Takes the oldest event.
    pub(crate) fn pop(&mut self) -> Option<Box<[u8]>> {
        let event = self.events.pop_front()?;
        self.bytes -= event.len() + OVERHEAD_BYTES;
        Some(event)
    }

    /// Puts an event back to the front, whatever the bound says.
    pub(crate) fn unpop(&mut self, event: Box<[u8]>) {
        self.bytes += event.len() + OVERHEAD_BYTES;
        self.events.push_front(event);
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> u64 {
        self.events.len() as u64
    }

    /// Gives up everything, and tells how many events that were.
    pub(crate) fn clear(&mut self) -> u64 {
        let len = self.len();
        self.events = VecDeque::new();
        self.bytes = 0;
        len
    }
}
