//! What a client knows from outside: which calls it sent, and which replies it has read.
//!
//! A call is known by the id of its request, which no two calls of one oracle share, over any number
//! of servers. Its event has the same number as `attributes.request_id`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Requests below it are no calls of an oracle, such as handshakes: each connection counts its own
/// from one.
pub(crate) const FIRST_CALL: u64 = 1000;

/// The calls of a client, or of several that share it.
#[derive(Debug)]
pub struct Oracle {
    next: AtomicU64,
    replied: Mutex<BTreeSet<u64>>,
}

impl Default for Oracle {
    fn default() -> Self {
        Self { next: FIRST_CALL.into(), replied: Mutex::default() }
    }
}

#[derive(Deserialize)]
struct Reply {
    id: u64,
    result: Option<IgnoredAny>,
}

impl Oracle {
    /// So many calls of the tool `echo`, one per line, and the ids that they have.
    #[must_use]
    pub fn calls(&self, count: u64) -> (Range<u64>, String) {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        let ids = first..first + count;
        let line = |id| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":\
                 {{\"name\":\"echo\",\"arguments\":{{\"text\":\"some text\",\"times\":1}}}}}}\n"
            )
        };
        (ids.clone(), ids.map(line).collect())
    }

    /// Enters the replies among these lines. A line without its end is none: a kill may have cut it.
    ///
    /// # Panics
    ///
    /// When a whole line is no message, or the reply to a call is an error.
    pub fn saw(&self, stdout: &[u8]) {
        let mut replied = self.lock();
        for line in
            stdout.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"))
        {
            let reply: Reply = serde_json::from_slice(line).expect("a line is a reply");
            if reply.id >= FIRST_CALL {
                assert!(reply.result.is_some(), "call {} failed", reply.id);
                replied.insert(reply.id);
            }
        }
    }

    /// The calls whose replies were read.
    #[must_use]
    pub fn replied(&self) -> BTreeSet<u64> {
        self.lock().clone()
    }

    /// How many calls were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed) - FIRST_CALL
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.replied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
