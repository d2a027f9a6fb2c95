//! What one process has of a spool. A copy of the process that fork made has its own.
//!
//! A fork copies the memory, so that two processes believe that a segment is theirs: both would give
//! out its sequence numbers, and remove it when they have sent what they know of. It may also copy a
//! lock that another thread held, which nobody in the copy would ever release. So a copy begins anew
//! with the first use of the spool, touches no file that it was born with, and never waits for a lock
//! of its parent's. It has no sender, because threads are not copied: other processes find its
//! segments as they find those of the dead.

use std::sync::OnceLock;

use super::state::State;
use super::{Signal, Spool, begun};
use crate::event::process;
use crate::sync::{AtomicU64, Condvar, Mutex};

/// What one process has.
pub(super) struct Share {
    /// How many forks away from the program's first process it is.
    forks: u32,
    pub(super) state: Mutex<State>,
    pub(super) begun: Mutex<begun::Register>,
    pub(super) signal: Mutex<Signal>,
    pub(super) changed: Condvar,
    /// How many waiting events wake the sender; `u64::MAX` while it is awake or backs off. Written
    /// before and read after the state's lock was held, which orders both.
    pub(super) wake_at: AtomicU64,
    /// What the next copy in line has; filled in that process alone.
    next: OnceLock<Box<Share>>,
}

impl Share {
    /// An empty spool of this process.
    pub(super) fn new(state: State) -> Self {
        Self {
            forks: process::forks(),
            state: Mutex::new(state),
            begun: Mutex::default(),
            signal: Mutex::default(),
            changed: Condvar::new(),
            wake_at: AtomicU64::new(u64::MAX),
            next: OnceLock::new(),
        }
    }

    /// Closes the files that a fork copied, so that their locks end with the process that made them.
    /// A lock that another thread held at the fork leaves them open until the copy ends.
    fn let_go(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.own.clear();
            state.adopted.clear();
            state.lingering.clear();
        }
        if let Ok(mut begun) = self.begun.try_lock() {
            begun.held = None;
        }
    }
}

impl Spool {
    /// What this process has of the spool, as far as it is known to be another one.
    pub(super) fn share(&self) -> &Share {
        let forks = process::forks();
        let mut share = &self.first;
        while share.forks != forks {
            share = share.next.get_or_init(|| {
                share.let_go();
                Box::new(Share::new(self.fresh()))
            });
        }
        share
    }

    /// Whether this process is the one that made the spool.
    pub(crate) fn is_original(&self) -> bool {
        self.first.forks == process::forks()
    }
}
