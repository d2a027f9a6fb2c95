//! The calls of one session: how they repeat, alternate and fail.

use super::Repeat;
use crate::event::Name;

/// How many calls back a session is compared. An agent that loops does so within a few calls.
const WINDOW: usize = 32;

/// From which length on an alternation is one: A B A could still be a look back.
const MIN_PING_PONG: u32 = 4;

/// How many tools of a session may be failing at once; the one that failed longest ago is
/// forgotten first. An agent that is stuck is so with one tool or two.
pub(super) const MAX_FAILING: usize = 8;

/// What is remembered of one session's calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last: [u64; WINDOW],
    /// How many calls there were; the place of the next one.
    count: usize,
    run: u32,
    /// How many of the newest calls alternate between two: 1 for equal calls, 2 for a change.
    alternation: u32,
    /// Tools whose last call failed, the newest failure last. Takes no memory before the first one.
    failing: Vec<Failing>,
}

#[derive(Debug)]
struct Failing {
    tool: Name,
    fingerprint: u64,
    arguments: u64,
    run: u32,
}

impl Calls {
    /// Notes a call at its start. A call is a tool with its arguments, as one hash.
    pub(super) fn push(&mut self, call: u64) -> Repeat {
        let [last, before] = [1, 2].map(|back| self.back(back));
        self.run = if last == Some(call) { self.run.saturating_add(1) } else { 1 };
        self.alternation = match (last, before) {
            (None, _) => 1,
            (Some(last), _) if last == call => 1,
            (_, Some(before)) if before == call => self.alternation.saturating_add(1),
            _ => 2,
        };
        self.last[self.count % WINDOW] = call;
        self.count += 1;
        let known = &self.last[..self.count.min(WINDOW)];
        let window = known.iter().filter(|known| **known == call).count();
        let is_ping_pong = self.alternation >= MIN_PING_PONG;
        let ping_pong = if is_ping_pong { self.alternation } else { 0 };
        Repeat { run: self.run, window: window as u32, ping_pong }
    }

    /// The call that came so many calls before the next one.
    fn back(&self, back: usize) -> Option<u64> {
        self.count.checked_sub(back).map(|at| self.last[at % WINDOW])
    }

    /// Notes a failure: which one in a row of this tool with this fingerprint it is. One whose
    /// arguments are those of the failure before is a repeat, and adds nothing to the row.
    pub(super) fn fail(&mut self, tool: Name, fingerprint: u64, arguments: u64) -> u32 {
        let place = self.failing.iter().position(|failing| failing.tool == tool);
        let before = place.map(|place| self.failing.remove(place));
        let run = match before.filter(|before| before.fingerprint == fingerprint) {
            Some(before) if before.arguments == arguments => before.run,
            Some(before) => before.run.saturating_add(1),
            None => 1,
        };
        if self.failing.len() == MAX_FAILING {
            self.failing.remove(0);
        }
        self.failing.push(Failing { tool, fingerprint, arguments, run });
        run
    }

    /// Notes that a call of this tool went well: its row of failures has ended.
    pub(super) fn succeed(&mut self, tool: Name) {
        self.failing.retain(|failing| failing.tool != tool);
    }

    /// Whether the last call of some tool failed.
    pub(super) fn is_failing(&self) -> bool {
        !self.failing.is_empty()
    }
}
