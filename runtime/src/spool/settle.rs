//! Hands events out for sending, and enters what became of them into the account.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::claim::{Claim, Limits, Part, Source};
use super::ledger::DropReason;
use super::segment::Segment;
use super::state::State;

/// Reads of a segment that may fail in a row before what is left of it counts as damaged, and how long
/// the first of the pauses between them is, of which each is twice as long: 6.2 s together.
const MAX_READ_FAILURES: u32 = 6;
const READ_PAUSE: Duration = Duration::from_millis(200);

/// How a part of a claim was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The destination took the events, but for so many that it rejected.
    Delivered {
        /// How many of them it rejected.
        rejected: u64,
    },
    /// The events are given up.
    Dropped(DropReason),
}

/// What there is to send.
pub(super) enum Next {
    /// A segment to read from, without the lock.
    Read(Source),
    /// Events out of the memory queue.
    Claimed(Claim),
    /// Nothing.
    Nothing,
}

impl State {
    /// Tells where the next events are, or takes them out of memory.
    pub(super) fn next_source(&mut self, limits: Limits, adopted_first: bool) -> Next {
        let now = self.clock.now();
        let is_due = |segment: &&Segment| segment.waiting > 0 && segment.read_again <= now;
        let own = || self.own.iter().find(is_due);
        let adopted = || self.adopted.iter().find(is_due);
        let segment = if adopted_first { adopted().or_else(own) } else { own() };
        if let Some(segment) = segment {
            return Next::Read(source(segment));
        }
        if self.memory.len() > 0 {
            return Next::Claimed(self.claim_memory(limits));
        }
        adopted().map_or(Next::Nothing, |segment| Next::Read(source(segment)))
    }

    fn claim_memory(&mut self, limits: Limits) -> Claim {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.len() < limits.max_events {
            let Some(event) = self.memory.pop() else {
                break;
            };
            bytes += event.len();
            if bytes > limits.max_bytes && !events.is_empty() {
                self.memory.unpop(event);
                break;
            }
            events.push(event);
        }
        self.memory_in_flight = events.len() as u64;
        Claim::of_memory(events, Arc::clone(&self.settings.common))
    }

    /// Marks a claim as in flight; false when its segment has been evicted meanwhile.
    pub(super) fn confirm(&mut self, claim: &Claim) -> bool {
        let Some(name) = &claim.segment else {
            return true;
        };
        let Some(segment) = self.find(name, claim.adopted) else {
            return false;
        };
        segment.in_flight = claim.covered().min(segment.waiting);
        segment.read_failures = 0;
        true
    }

    /// A segment could not be read. After some failures what is left of it is given up.
    pub(super) fn read_failed(&mut self, source: &Source) {
        self.stats.disk_errors += 1;
        let now = self.clock.now();
        let Some(segment) = self.find(&source.name, source.adopted) else {
            return;
        };
        let pause = READ_PAUSE.saturating_mul(1 << segment.read_failures.min(MAX_READ_FAILURES));
        segment.read_again = now.saturating_add(pause);
        segment.read_failures += 1;
        if segment.read_failures >= MAX_READ_FAILURES {
            let lost = segment.waiting;
            segment.sealed = true;
            self.stats.tally(source.adopted).give_up(lost, DropReason::Damaged);
            if let Some(mut segment) = self.take(&source.name, source.adopted) {
                // A record that cannot be read is none.
                segment.keep = false;
                self.retire(segment);
            }
        }
    }

    /// Enters a part of a claim into the account, and returns the segment that it finished.
    pub(super) fn settle(
        &mut self,
        segment: Option<&Arc<str>>,
        adopted: bool,
        part: Part,
        verdict: Verdict,
    ) -> Option<Segment> {
        let Some(name) = segment else {
            let events = part.events.min(self.memory_in_flight);
            self.memory_in_flight -= events;
            self.enter(false, events, verdict);
            return None;
        };
        let disk = Arc::clone(&self.disk);
        let Some(segment) = self.find(name, adopted) else {
            // Evicted in flight: eviction left the claim's events in the account, the end does not.
            let left = &mut self.evicted_in_flight[usize::from(adopted)];
            let total = (part.events + part.lost).min(*left);
            *left -= total;
            let lost = part.lost.min(total);
            self.stats.tally(adopted).give_up(lost, DropReason::Damaged);
            self.enter(adopted, total - lost, verdict);
            return None;
        };
        let total = (part.events + part.lost).min(segment.waiting);
        let acknowledged = segment.settle(&*disk, part.upto, total);
        let finished = segment.is_finished();
        self.stats.disk_errors += u64::from(acknowledged.is_err());
        let lost = part.lost.min(total);
        self.stats.tally(adopted).give_up(lost, DropReason::Damaged);
        self.enter(adopted, total - lost, verdict);
        if finished { self.take(name, adopted) } else { None }
    }

    fn enter(&mut self, adopted: bool, events: u64, verdict: Verdict) {
        let tally = self.stats.tally(adopted);
        match verdict {
            Verdict::Delivered { rejected } => {
                let rejected = rejected.min(events);
                tally.give_up(rejected, DropReason::Rejected);
                tally.deliver(events - rejected);
            }
            Verdict::Dropped(reason) => tally.give_up(events, reason),
        }
    }

    fn list(&mut self, adopted: bool) -> &mut VecDeque<Segment> {
        if adopted { &mut self.adopted } else { &mut self.own }
    }

    fn find(&mut self, name: &str, adopted: bool) -> Option<&mut Segment> {
        self.list(adopted).iter_mut().find(|segment| &*segment.name == name)
    }

    pub(super) fn take(&mut self, name: &str, adopted: bool) -> Option<Segment> {
        let list = self.list(adopted);
        let at = list.iter().position(|segment| &*segment.name == name)?;
        list.remove(at)
    }
}

fn source(segment: &Segment) -> Source {
    Source {
        name: Arc::clone(&segment.name),
        file: Arc::clone(&segment.file),
        common: Arc::clone(&segment.common),
        adopted: segment.adopted,
        from: segment.settled,
        limit: segment.len,
        end_sequence: segment.next_sequence,
        waiting: segment.waiting,
    }
}
