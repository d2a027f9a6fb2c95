//! Looks at lines on several threads, in blocks that come back in their order.
//!
//! The caller reads and checks; threads of the pool look. Memory is bounded by the number of blocks
//! under way and of each one's bytes. A short log is looked at by the caller alone.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::block::Block;

/// A block below this is looked at sooner than a thread wakes up.
const SHORT_BYTES: usize = 64 * 1024;
/// Threads at most: the checks of one thread keep no more of them busy.
const MAX_THREADS: usize = 4;
/// Blocks that each thread has, so that none waits for the caller.
const BLOCKS_EACH: usize = 2;
/// How many threads have something to do on this machine.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

/// Where a block is that was handed in.
enum Turn {
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
    under_way: VecDeque<Turn>,
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
                        self.under_way.push_back(Turn::With(self.next));
                        self.next = (self.next + 1) % self.lookers.len();
                        return;
                    }
                    Err(refused) => block = refused.0,
                }
            }
        }
        block.look();
        self.under_way.push_back(Turn::Here(block));
    }

    /// The oldest block of those that are under way, once it was looked at.
    ///
    /// # Errors
    /// Fails when its thread has died.
    pub(super) fn take(&mut self) -> io::Result<Option<Block>> {
        match self.under_way.pop_front() {
            None => Ok(None),
            Some(Turn::Here(block)) => Ok(Some(block)),
            Some(Turn::With(at)) => {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::record::MAX_LINE_BYTES;
    use crate::audit::verify::block::{BLOCK_BYTES, PIECE_BYTES};
    use std::io::{BufRead as _, BufReader, Read as _};

    /// Each line with whether it ends, and what stands behind the last.
    type Lines = (Vec<(Vec<u8>, bool)>, Vec<u8>);

    /// The lines one after the other, as a reader without blocks and threads has them.
    fn simply(bytes: &[u8]) -> Lines {
        let (mut reader, mut lines) = (BufReader::new(bytes), Vec::new());
        loop {
            let mut line = Vec::new();
            (&mut reader).take(PIECE_BYTES as u64).read_until(b'\n', &mut line).unwrap();
            match line.split_last() {
                Some((b'\n', whole)) => lines.push((whole.to_vec(), true)),
                Some(_) if line.len() == PIECE_BYTES => lines.push((line, false)),
                _ => return (lines, line),
            }
        }
    }

    fn pooled(pool: &mut Pool, mut bytes: &[u8]) -> Lines {
        let (mut lines, mut rest, mut is_end) = (Vec::new(), Vec::new(), false);
        loop {
            while !is_end && pool.has_room() {
                let mut block = pool.spare();
                is_end = block.fill(&mut bytes, &mut rest).unwrap();
                assert!(block.len() + rest.len() <= BLOCK_BYTES);
                pool.put(block);
            }
            let Some(block) = pool.take().unwrap() else { return (lines, rest) };
            lines.extend(block.pieces().map(|piece| {
                assert!(piece.look.is_none());
                (piece.bytes.to_vec(), piece.has_end)
            }));
            pool.give_back(block);
        }
    }

    #[test]
    fn lines_are_the_same_however_they_lie_in_blocks() {
        let line = |len: usize| [vec![b'x'; len], vec![b'\n']].concat();
        let short: Vec<u8> = (0..40_000).flat_map(|number| line(number % 97)).collect();
        let mut pool = Pool::default();
        for bytes in [
            Vec::new(),
            b"\n".to_vec(),
            b"no end".to_vec(),
            short.clone(),
            [short.clone(), b"no end".to_vec()].concat(),
            [line(BLOCK_BYTES - 1), line(1)].concat(),
            [line(MAX_LINE_BYTES - 1), line(MAX_LINE_BYTES), line(MAX_LINE_BYTES + 1)].concat(),
            [short.clone(), line(PIECE_BYTES), line(3 * PIECE_BYTES + 5), short.clone()].concat(),
            vec![b'x'; MAX_LINE_BYTES],
            vec![b'x'; PIECE_BYTES],
            vec![b'x'; 2 * BLOCK_BYTES + 7],
            vec![b'\n'; 2 * BLOCK_BYTES],
        ] {
            let (expected, found) = (simply(&bytes), pooled(&mut pool, &bytes));
            assert!(expected == found, "{} bytes: {} lines", bytes.len(), expected.0.len());
        }
        assert!(pool.has_started);
        assert!(pool.spare.len() <= MAX_THREADS * BLOCKS_EACH, "{} blocks", pool.spare.len());
    }

    #[test]
    fn a_thread_that_is_gone_is_an_error_and_no_verdict() {
        let mut pool = Pool::default();
        pool.has_started = true;
        let mut looker = Looker::start().unwrap();
        // What was handed in is lost with the thread that had it.
        let (_, nothing) = sync_channel(1);
        looker.looked = nothing;
        pool.lookers.push(looker);
        let (mut block, bytes) = (Block::default(), vec![b'\n'; 2 * SHORT_BYTES]);
        block.fill(&mut bytes.as_slice(), &mut Vec::new()).unwrap();
        pool.put(block);
        assert!(pool.take().is_err());
    }
}
