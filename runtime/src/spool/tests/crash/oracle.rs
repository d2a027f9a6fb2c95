//! What an observer outside knows of every event, and what follows from it.

use std::collections::BTreeMap;
use std::fmt;

use super::Mode;

/// What the observer knows of one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// The spool has confirmed that it has the event, or the note of its call.
    confirmed: bool,
    /// It must come to its end: it was confirmed, and no excuse came after.
    owed: bool,
    synced: bool,
    /// The process died, or may have, between its delivery and the acknowledgement of it.
    may_repeat: bool,
    /// A test's verdict ended it without a delivery.
    given_up: bool,
    delivered: u32,
    interrupted: u32,
}

impl Known {
    const fn is_missing(&self) -> bool {
        self.delivered + self.interrupted == 0 && !self.given_up
    }
}

/// The observer.
#[derive(Default)]
pub(super) struct Oracle {
    events: BTreeMap<u64, Known>,
    /// The payloads that were handed to the spool.
    pub(super) totals: Totals,
}

/// What happened in some runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) seeds: u64,
    pub(super) crashes: u64,
    pub(super) events: u64,
    pub(super) delivered: u64,
    pub(super) interrupted: u64,
    pub(super) repeated: u64,
    pub(super) evicted: u64,
    pub(super) lost: u64,
    pub(super) damaged: u64,
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.crashes += other.crashes;
        self.events += other.events;
        self.delivered += other.delivered;
        self.interrupted += other.interrupted;
        self.repeated += other.repeated;
        self.evicted += other.evicted;
        self.lost += other.lost;
        self.damaged += other.damaged;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, crashes, events, delivered, interrupted, .. } = self;
        let Self { repeated, evicted, lost, damaged, .. } = self;
        write!(
            f,
            "{seeds} seeds, {crashes} crashes, {events} events: {delivered} delivered \
             ({interrupted} as interrupted), {repeated} again, {evicted} evicted, {damaged} torn or \
             damaged, {lost} lost that no sync had covered"
        )
    }
}

impl Oracle {
    /// The spool has confirmed that it has the event, or the note of its call.
    pub(super) fn owe(&mut self, number: u64) {
        let known = self.events.entry(number).or_default();
        (known.confirmed, known.owed) = (true, true);
    }

    /// The event may end with its process.
    pub(super) fn excuse(&mut self, number: u64) {
        self.events.entry(number).or_default().owed = false;
    }

    pub(super) fn synced(&mut self, numbers: impl Iterator<Item = u64>) {
        for number in numbers {
            self.events.entry(number).or_default().synced = true;
        }
    }

    pub(super) fn give_up(&mut self, number: u64) {
        self.events.entry(number).or_default().given_up = true;
    }

    /// The destination took the event.
    pub(super) fn deliver(&mut self, number: u64, is_interrupted: bool, mode: Mode) {
        let known = self.events.entry(number).or_default();
        let before = known.delivered + known.interrupted;
        if mode == Mode::Kill {
            assert!(before == 0 || known.may_repeat, "event {number} was delivered twice");
            let other = if is_interrupted { known.delivered } else { known.interrupted };
            assert!(other == 0, "event {number} is interrupted and not");
        }
        self.totals.repeated += u64::from(before > 0);
        known.may_repeat = true;
        *(if is_interrupted { &mut known.interrupted } else { &mut known.delivered }) += 1;
    }

    /// The spool has confirmed that the event is settled.
    pub(super) fn acknowledged(&mut self, number: u64) {
        self.events.entry(number).or_default().may_repeat = false;
    }

    /// Whether the event is owed, and has come to no end.
    pub(super) fn is_missing(&self, number: u64) -> bool {
        self.events.get(&number).is_some_and(|known| known.owed && known.is_missing())
    }

    pub(super) fn power_lost(&mut self) {
        for known in self.events.values_mut() {
            known.owed &= known.synced;
        }
    }

    /// Looks for what should have come and has not, apart from so many that were evicted.
    pub(super) fn finish(mut self, evicted: u64) -> Totals {
        let owed = self.events.iter().filter(|(_, known)| known.owed && known.is_missing());
        let owed: Vec<_> = owed.collect();
        assert!(
            owed.len() as u64 <= evicted,
            "evicted {evicted}, but missing {} {owed:?}",
            owed.len()
        );
        let totals = &mut self.totals;
        totals.seeds = 1;
        totals.events = self.events.len() as u64;
        totals.evicted = evicted;
        for known in self.events.values() {
            totals.delivered += u64::from(known.delivered + known.interrupted > 0);
            totals.interrupted += u64::from(known.interrupted > 0);
            totals.lost += u64::from(known.confirmed && !known.owed && known.is_missing());
        }
        self.totals
    }
}
