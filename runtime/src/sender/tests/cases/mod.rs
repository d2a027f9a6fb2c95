//! The delivery contract as a table: what a destination answers, what is sent next and when, and
//! how the account stands. The clock is set by hand, and no case waits for anything.

mod ending;
mod gzip;
mod partial;
mod quota;
mod retry_after;
mod split;
mod statuses;
mod waiting;
mod world;

use std::ops::Range;

use super::*;
use crate::sender::contract::QuotaStatus;
use world::World;

/// What a destination answers.
#[derive(Clone)]
pub(super) enum Answer {
    /// A reply, as it comes over HTTP; the ingest client's own code reads it.
    Http { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// No reply.
    Error(SendError),
    /// Code that fails.
    Panic,
    /// A status for a batch that holds this event, and 202 for all others.
    Poison(u16, u64),
    /// A status for a batch of more events than this, and 202 for all others.
    TooLarge(u16, usize),
}

/// What happens beside the sender.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// So many events are captured.
    Capture(u64),
    /// So many events are left out by the sampling rate.
    Sample(u64),
    /// Someone waits for everything to be sent.
    Flush,
    /// The sender ends, and nothing happens in this process any more.
    Shutdown,
    /// A call of this session asks whether it is kept: expects the weight.
    Keep { key: u64, is_error: bool, expect: Option<f64> },
}

/// One case. Times are in ms of the clock; the first event is captured at 0.
pub(super) struct Case {
    name: String,
    acts: Vec<(u64, Act)>,
    answers: Vec<Answer>,
    jitter: f64,
    in_memory: bool,
    until: u64,
    sends: Vec<(u64, Vec<u64>)>,
    delivered: u64,
    spooled: u64,
    dropped: Vec<(DropReason, u64)>,
    statuses: Vec<(u16, u64)>,
    told: u64,
    quotas: Vec<QuotaStatus>,
    panics: u64,
}

pub(super) fn case(name: impl Into<String>) -> Case {
    Case {
        name: name.into(),
        acts: vec![(0, Act::Capture(1))],
        answers: Vec::new(),
        jitter: 1.0,
        in_memory: false,
        until: 1_200_000,
        sends: Vec::new(),
        delivered: 1,
        spooled: 0,
        dropped: Vec::new(),
        statuses: Vec::new(),
        told: 0,
        quotas: Vec::new(),
        panics: 0,
    }
}

pub(super) fn status(status: u16) -> Answer {
    Answer::Http { status, headers: Vec::new(), body: String::new() }
}

pub(super) fn body(body: impl Into<String>) -> Answer {
    Answer::Http { status: 200, headers: Vec::new(), body: body.into() }
}

pub(super) fn wait(status: u16, values: &[&str]) -> Answer {
    let headers = values.iter().map(|value| ("retry-after", (*value).to_owned())).collect();
    Answer::Http { status, headers, body: String::new() }
}

/// The settings of a case, each said once.
impl Case {
    /// So many events are captured at 0.
    pub(super) fn events(mut self, count: u64) -> Self {
        self.acts[0].1 = Act::Capture(count);
        self.delivered = count;
        self
    }

    pub(super) fn act(mut self, at: u64, act: Act) -> Self {
        self.acts.push((at, act));
        self
    }

    /// The answers in their order; after them a plain 202.
    pub(super) fn answers(mut self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    pub(super) fn jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    pub(super) fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    pub(super) fn until(mut self, until: u64) -> Self {
        self.until = until;
        self
    }

    /// One attempt is expected at this moment, with these events.
    pub(super) fn sends(mut self, at: u64, events: Range<u64>) -> Self {
        self.sends.push((at, events.collect()));
        self
    }

    /// Attempts are expected at these moments, each with the one event.
    pub(super) fn sends_at(self, moments: impl IntoIterator<Item = u64>) -> Self {
        moments.into_iter().fold(self, |case, at| case.sends(at, 0..1))
    }

    pub(super) fn delivered(mut self, events: u64) -> Self {
        self.delivered = events;
        self
    }

    pub(super) fn spooled(mut self, events: u64) -> Self {
        self.spooled = events;
        self
    }

    pub(super) fn dropped(mut self, reason: DropReason, events: u64) -> Self {
        self.dropped.push((reason, events));
        self
    }

    pub(super) fn statuses(mut self, status: u16, events: u64) -> Self {
        self.statuses.push((status, events));
        self
    }

    /// The operator is told so often.
    pub(super) fn told(mut self, times: u64) -> Self {
        self.told = times;
        self
    }

    /// The callback hears of these, in this order.
    pub(super) fn quotas(mut self, quotas: impl IntoIterator<Item = QuotaStatus>) -> Self {
        self.quotas = quotas.into_iter().collect();
        self
    }

    pub(super) fn panics(mut self, count: u64) -> Self {
        self.panics = count;
        self
    }

    /// Runs the case, and returns what is not as it should be.
    fn run(&self) -> Vec<String> {
        let mut world = World::new(self);
        world.run(self);
        let mut faults = world.faults();
        let stats = world.stats();
        let own = stats.own();
        let dropped: Vec<_> = DropReason::ALL
            .iter()
            .map(|&reason| (reason, own.dropped(reason)))
            .filter(|&(_, count)| count > 0)
            .collect();
        let told = world.told();
        let mut check = |what: &str, found: String, expected: String| {
            if found != expected {
                faults.push(format!("{what}: {found}, expected {expected}"));
            }
        };
        check("attempts", format!("{:?}", world.sends()), format!("{:?}", self.sends));
        check("delivered", own.delivered().to_string(), self.delivered.to_string());
        check("spooled", own.spooled().to_string(), self.spooled.to_string());
        check("dropped", format!("{dropped:?}"), format!("{:?}", self.dropped));
        check("statuses", format!("{:?}", stats.statuses().iter().collect::<Vec<_>>()), {
            format!("{:?}", self.statuses.iter().map(|(of, count)| (of, count)).collect::<Vec<_>>())
        });
        check("told", told.0.to_string(), self.told.to_string());
        check("quotas", format!("{:?}", told.1), format!("{:?}", self.quotas));
        check("panics", stats.panics.to_string(), self.panics.to_string());
        faults.extend(world.next_process());
        faults.into_iter().map(|fault| format!("{}: {fault}", self.name)).collect()
    }
}

#[test]
fn every_case_of_the_delivery_contract_sends_what_it_should_when_it_should() {
    let groups = [
        ("status", 67, statuses::cases()),
        ("retry-after", 44, retry_after::cases()),
        ("partial acceptance", 30, partial::cases()),
        ("split", 15, split::cases()),
        ("quota", 36, quota::cases()),
        ("waiting", 27, waiting::cases()),
        ("ending", 20, ending::cases()),
    ];
    let mut names = std::collections::HashSet::new();
    let mut faults = Vec::new();
    for (group, count, cases) in &groups {
        assert_eq!(cases.len(), *count, "{group}: the table in docs/spec/delivery.md has it too");
        eprintln!("delivery contract: {group}: {} cases", cases.len());
        for case in cases {
            assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
            faults.extend(case.run());
        }
    }
    eprintln!("delivery contract: {} cases, {} faults", names.len(), faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
