//! Whether an agent repeats itself: the same tool with the same arguments, again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many calls back a session is compared. An agent that loops does so within a few calls.
const WINDOW: usize = 32;

/// How many sessions are followed; the one that was quiet for longest gives way.
const MAX_SESSIONS: usize = 1024;

/// How often a call occurred in its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// Which call in a row with this hash this is: 1 for the first.
    pub(crate) run: u32,
    /// How many of the session's last 32 calls had this hash, this one included.
    pub(crate) window: u32,
}

/// Remembers the last hashes of each session.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    places: HashMap<u64, usize>,
    recent: Vec<Recent>,
    /// When each session was last seen, apart from the rest so that the oldest is found quickly.
    seen: Vec<u64>,
    now: u64,
}

#[derive(Debug)]
struct Recent {
    session: u64,
    hashes: [u64; WINDOW],
    /// How many calls there were; the place of the next one.
    calls: usize,
    run: u32,
}

impl Tracker {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Notes a call. Session 0 means that the call belongs to none, so nothing is compared.
    pub(crate) fn observe(&self, session: u64, hash: u64) -> Repeat {
        if session == 0 {
            return Repeat { run: 1, window: 1 };
        }
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sessions.place(session);
        sessions.now += 1;
        sessions.seen[place] = sessions.now;
        sessions.recent[place].push(hash)
    }
}

impl Sessions {
    fn place(&mut self, session: u64) -> usize {
        if let Some(place) = self.places.get(&session) {
            return *place;
        }
        let fresh = Recent { session, hashes: [0; WINDOW], calls: 0, run: 0 };
        let place = if self.recent.len() < MAX_SESSIONS {
            self.recent.push(fresh);
            self.seen.push(0);
            self.recent.len() - 1
        } else {
            let oldest = self.seen.iter().enumerate().min_by_key(|(_, seen)| **seen);
            let place = oldest.map_or(0, |(place, _)| place);
            self.places.remove(&self.recent[place].session);
            self.recent[place] = fresh;
            place
        };
        self.places.insert(session, place);
        place
    }
}

impl Recent {
    fn push(&mut self, hash: u64) -> Repeat {
        let last = self.calls.checked_sub(1).map(|last| self.hashes[last % WINDOW]);
        self.run = if last == Some(hash) { self.run.saturating_add(1) } else { 1 };
        self.hashes[self.calls % WINDOW] = hash;
        self.calls += 1;
        let known = &self.hashes[..self.calls.min(WINDOW)];
        let window = known.iter().filter(|known| **known == hash).count();
        Repeat { run: self.run, window: window as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(tracker: &Tracker, session: u64, hash: u64) -> (u32, u32) {
        let repeat = tracker.observe(session, hash);
        (repeat.run, repeat.window)
    }

    #[test]
    fn runs_and_windows_are_counted_per_session() {
        let tracker = Tracker::new();
        assert_eq!(observe(&tracker, 1, 0), (1, 1));
        assert_eq!(observe(&tracker, 1, 0), (2, 2));
        assert_eq!(observe(&tracker, 1, 9), (1, 1));
        assert_eq!(observe(&tracker, 1, 0), (1, 3));
        assert_eq!(observe(&tracker, 2, 0), (1, 1));
        for _ in 0..40 {
            observe(&tracker, 1, 5);
        }
        assert_eq!(observe(&tracker, 1, 5), (41, 32));
    }

    #[test]
    fn calls_without_a_session_are_not_compared() {
        let tracker = Tracker::new();
        observe(&tracker, 0, 7);
        assert_eq!(observe(&tracker, 0, 7), (1, 1));
    }

    #[test]
    fn the_session_that_was_quiet_for_longest_gives_way() {
        let tracker = Tracker::new();
        for session in 1..=MAX_SESSIONS as u64 {
            observe(&tracker, session, 7);
        }
        assert_eq!(observe(&tracker, 1, 7), (2, 2));
        observe(&tracker, 5_000, 7);
        assert_eq!(observe(&tracker, 1, 7), (3, 3));
        assert_eq!(observe(&tracker, 2, 7), (1, 1));
        assert_eq!(tracker.sessions.lock().unwrap().places.len(), MAX_SESSIONS);
    }
}
