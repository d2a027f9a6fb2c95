//! Looks at lines on several threads, in blocks that come back in their order.
//!
//! The caller reads and checks; threads of the pool look. Memory is bounded by the number of blocks
//! under way, and a block by its bytes. A short log is looked at by the caller alone.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::look::Look;
use crate::audit::record::MAX_LINE_BYTES;

/// Bytes of a block: some hundred records. Longer than the longest line.
const BLOCK_BYTES: usize = 512 * 1024;
/// A block below this is looked at sooner than a thread wakes up.
const SHORT_BYTES: usize = 64 * 1024;
/// Threads at most: the checks of one thread keep no more of them busy.
const MAX_THREADS: usize = 4;
/// Blocks that each thread has, so that none waits for the caller.
const BLOCKS_EACH: usize = 2;
/// A longer line is no record: it comes in pieces of this length, each of which is malformed.
const PIECE_BYTES: usize = MAX_LINE_BYTES + 1;

/// How many threads have something to do on this machine.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

/// Whole lines one after the other.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    lines: Vec<(Range<usize>, Option<Look>)>,
}

impl Block {
    /// Takes what is in `rest` and then what comes from `source`, and leaves the part of a line at
    /// its end in `rest`. True at the end of `source`.
    ///
    /// # Errors
    /// Fails when `source` cannot be read.
    pub(super) fn fill(&mut self, source: &mut impl Read, rest: &mut Vec<u8>) -> io::Result<bool> {
        self.lines.clear();
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

    /// The lines without their newlines, and what was seen in them.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[u8], Option<&Look>)> {
        let line = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.lines.iter().map(move |(range, look)| (line(range), look.as_ref()))
    }

    fn look(&mut self) {
        let (mut start, all) = (0, self.bytes.as_slice());
        while start < all.len() {
            let mut piece = &all[start..all.len().min(start + PIECE_BYTES)];
            // Reading from memory does not fail.
            let taken = piece.skip_until(b'\n').unwrap_or_default().max(1);
            let line = &all[start..start + taken];
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.lines.push((start..start + line.len(), Look::at(line)));
            start += taken;
        }
    }
}

/// Where a block is that was handed in.
enum Place {
    Here(Block),
    With(usize),
}

struct Looker {
    blocks: SyncSender<Block>,
    looked: Receiver<Block>,
    thread: JoinHandle<()>,
}

impl Looker {
    fn start() -> io::Result<Self> {
        let (blocks, to_do) = sync_channel::<Block>(BLOCKS_EACH);
        let (done, looked) = sync_channel(BLOCKS_EACH);
        let run = move || {
            while let Ok(mut block) = to_do.recv() {
                block.look();
                if done.send(block).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("toolwatch-verify".to_owned()).spawn(run)?;
        Ok(Self { blocks, looked, thread })
    }
}

/// The threads, and the blocks under way.
#[derive(Default)]
pub(super) struct Pool {
    lookers: Vec<Looker>,
    has_started: bool,
    /// Who gets the next block.
    next: usize,
    /// In the order in which they were handed in.
    under_way: VecDeque<Place>,
    spare: Vec<Block>,
}

impl Pool {
    /// Whether another block can be handed in before one is taken.
    pub(super) fn has_room(&self) -> bool {
        self.under_way.len() < (self.lookers.len() * BLOCKS_EACH).max(1)
    }

    /// A block to be filled.
    pub(super) fn spare(&mut self) -> Block {
        self.spare.pop().unwrap_or_default()
    }

    /// Hands a block in.
    pub(super) fn put(&mut self, mut block: Block) {
        if !(block.len() < SHORT_BYTES && self.under_way.is_empty()) {
            self.start();
            if let Some(looker) = self.lookers.get(self.next) {
                match looker.blocks.send(block) {
                    Ok(()) => {
                        self.under_way.push_back(Place::With(self.next));
                        self.next = (self.next + 1) % self.lookers.len();
                        return;
                    }
                    Err(refused) => block = refused.0,
                }
            }
        }
        block.look();
        self.under_way.push_back(Place::Here(block));
    }

    /// The oldest block of those that are under way, once it was looked at.
    ///
    /// # Errors
    /// Fails when its thread has died.
    pub(super) fn take(&mut self) -> io::Result<Option<Block>> {
        match self.under_way.pop_front() {
            None => Ok(None),
            Some(Place::Here(block)) => Ok(Some(block)),
            Some(Place::With(at)) => {
                let block = self.lookers.get(at).and_then(|looker| looker.looked.recv().ok());
                let died = || io::Error::other("a thread of the verification has died");
                block.map(Some).ok_or_else(died)
            }
        }
    }

    /// Takes a block back that is of no use any more.
    pub(super) fn give_back(&mut self, block: Block) {
        self.spare.push(block);
    }

    /// Starts the threads, once; on one core, or when there are none to be had, the caller looks.
    fn start(&mut self) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let wanted = if threads() > 1 { threads() } else { 0 };
        self.lookers.extend((0..wanted).map_while(|_| Looker::start().ok()));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for Looker { blocks, looked, thread } in self.lookers.drain(..) {
            drop((blocks, looked));
            // One that has panicked has said so.
            let _ = thread.join();
        }
    }
}
