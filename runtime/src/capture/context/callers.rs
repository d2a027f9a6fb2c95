//! Sessions of callers that nothing but their identity tells apart: a caller's requests with one
//! client belong together while they come within a gap of time.
//!
//! A guess, and marked as one. Where there is no identity there is no such session.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{Confidence, Label, SessionKey, SessionSource, unique};

/// How many callers are followed; the one that was quiet for longest gives way. As many as the
/// sessions whose repeats are followed.
const MAX_CALLERS: usize = 1024;

/// The callers that were seen last.
#[derive(Debug, Default)]
pub(crate) struct CallerSessions {
    seen: Mutex<HashMap<Who, Seen>>,
}

/// The hash of an identity, and the client that it used.
type Who = (u64, Option<Label>);

#[derive(Debug)]
struct Seen {
    session: u64,
    /// When the last of its requests ended.
    last: Instant,
}

impl CallerSessions {
    /// The session of a request that came and ended at these times. One that comes at most `gap`
    /// after the end of the last one belongs to its session.
    pub(crate) fn find(
        &self,
        who: Who,
        (came, ended): (Instant, Instant),
        gap: Duration,
    ) -> SessionKey {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let value = match seen.get_mut(&who) {
            Some(known) if came.saturating_duration_since(known.last) <= gap => {
                known.last = known.last.max(ended);
                known.session
            }
            known => {
                let is_new = known.is_none();
                let session = unique() | 1;
                if is_new && seen.len() >= MAX_CALLERS {
                    forget_quietest(&mut seen);
                }
                seen.insert(who, Seen { session, last: ended });
                session
            }
        };
        SessionKey { value, source: SessionSource::Caller, confidence: Confidence::Low }
    }
}

fn forget_quietest(seen: &mut HashMap<Who, Seen>) {
    let quietest = seen.iter().min_by_key(|(_, seen)| seen.last).map(|(who, _)| who.clone());
    if let Some(who) = quietest {
        seen.remove(&who);
    }
}

#[cfg(test)]
mod tests;
