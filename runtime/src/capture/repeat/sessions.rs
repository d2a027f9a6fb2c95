//! What is remembered of each session, for a bounded number of sessions.

use std::collections::HashMap;

/// How many sessions are followed; the one that was quiet for longest gives way.
pub(super) const MAX_SESSIONS: usize = 1024;

/// A table from sessions to what is remembered of them.
#[derive(Debug, Default)]
pub(super) struct Sessions<T> {
    places: HashMap<u64, usize>,
    entries: Vec<Entry<T>>,
    /// When each session was last seen, apart from the rest so that the oldest is found quickly.
    seen: Vec<u64>,
    now: u64,
}

/// One session and what is remembered of it.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) session: u64,
    pub(super) memory: T,
}

impl<T: Default> Sessions<T> {
    /// What is remembered of a session, nothing for a new one, and who had to give way to it.
    pub(super) fn enter(&mut self, session: u64) -> (&mut T, Option<Entry<T>>) {
        self.now += 1;
        let (place, left) = match self.places.get(&session) {
            Some(place) => (*place, None),
            None => self.admit(session),
        };
        self.seen[place] = self.now;
        (&mut self.entries[place].memory, left)
    }

    /// What is remembered of a session that is followed already.
    pub(super) fn find(&mut self, session: u64) -> Option<&mut T> {
        let place = *self.places.get(&session)?;
        Some(&mut self.entries[place].memory)
    }

    fn admit(&mut self, session: u64) -> (usize, Option<Entry<T>>) {
        let fresh = Entry { session, memory: T::default() };
        let (place, left) = if self.entries.len() < MAX_SESSIONS {
            self.entries.push(fresh);
            self.seen.push(0);
            (self.entries.len() - 1, None)
        } else {
            let oldest = self.seen.iter().enumerate().min_by_key(|(_, seen)| **seen);
            let place = oldest.map_or(0, |(place, _)| place);
            let left = std::mem::replace(&mut self.entries[place], fresh);
            self.places.remove(&left.session);
            (place, Some(left))
        };
        self.places.insert(session, place);
        (place, left)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!((self.entries.len(), self.seen.len()), (self.places.len(), self.places.len()));
        self.places.len()
    }
}
