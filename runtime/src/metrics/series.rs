//! The numbers of one tool, and of one kind of operation.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use super::code_of;
use super::histogram::{Durations, Fine, Histogram};
use crate::event::{Event, Outcome};

/// Every outcome, in the order in which they are counted.
pub(super) const OUTCOMES: [Outcome; 12] = [
    Outcome::Ok,
    Outcome::ToolError,
    Outcome::InvalidArguments,
    Outcome::ProtocolError,
    Outcome::Panic,
    Outcome::Cancelled,
    Outcome::Dropped,
    Outcome::InputRequired,
    Outcome::Task,
    Outcome::UnknownTool,
    Outcome::DisabledTool,
    Outcome::Interrupted,
];

/// How long operations of one kind took.
#[derive(Debug)]
pub(super) struct Series(Histogram);

impl Series {
    pub(super) const fn new() -> Self {
        Self(Histogram::new())
    }

    pub(super) fn record(&self, duration_ns: u64) {
        self.0.record(duration_ns);
    }

    pub(super) fn read(&self) -> Durations {
        self.0.read()
    }
}

/// The numbers of one tool. They are read one by one, so a snapshot of a busy tool may be apart by
/// the calls of a moment.
#[derive(Debug)]
pub(super) struct ToolSeries {
    pub(super) outcomes: [AtomicU64; OUTCOMES.len()],
    pub(super) in_flight: AtomicI64,
    /// How long calls took, by outcome, but for those with a JSON-RPC code.
    durations: [OnceLock<Box<Histogram>>; OUTCOMES.len()],
    /// How long calls took that ended with a JSON-RPC code.
    with_code: OnceLock<Box<Histogram>>,
    pub(super) fine: Fine,
    /// Calls whose arguments were checked against the schema, and those that did not fit it.
    pub(super) checked: AtomicU64,
    pub(super) invalid: AtomicU64,
    /// Keys that the schema does not declare, and required ones that were absent.
    pub(super) unknown_keys: AtomicU64,
    pub(super) missing_keys: AtomicU64,
    /// Calls that repeat the one before in their session.
    pub(super) repeats: AtomicU64,
    /// Calls in a loop.
    pub(super) loops: AtomicU64,
}

impl ToolSeries {
    pub(super) fn new() -> Self {
        Self {
            outcomes: [const { AtomicU64::new(0) }; OUTCOMES.len()],
            in_flight: AtomicI64::new(0),
            durations: [const { OnceLock::new() }; OUTCOMES.len()],
            with_code: OnceLock::new(),
            fine: Fine::new(),
            checked: AtomicU64::new(0),
            invalid: AtomicU64::new(0),
            unknown_keys: AtomicU64::new(0),
            missing_keys: AtomicU64::new(0),
            repeats: AtomicU64::new(0),
            loops: AtomicU64::new(0),
        }
    }

    /// How long all calls took.
    pub(super) fn all_durations(&self) -> Durations {
        let with_code = self.with_code.get().map(|of| of.read());
        self.by_outcome().map(|(_, durations)| durations).chain(with_code).fold(
            Durations::default(),
            |mut sum, durations| {
                sum.add(&durations);
                sum
            },
        )
    }

    /// How long calls without a JSON-RPC code took.
    pub(super) fn by_outcome(&self) -> impl Iterator<Item = (Outcome, Durations)> + '_ {
        let read = |(outcome, of): (Outcome, &OnceLock<Box<Histogram>>)| {
            of.get().map(|of| (outcome, of.read()))
        };
        OUTCOMES.into_iter().zip(&self.durations).filter_map(read)
    }

    pub(super) fn record(&self, event: &Event) {
        if let Some(outcome) = self.outcomes.get(event.outcome as usize) {
            outcome.fetch_add(1, Relaxed);
        }
        let has_code = code_of(event).is_some();
        let of_outcome = self.durations.get(event.outcome as usize).filter(|_| !has_code);
        let durations = of_outcome.unwrap_or(&self.with_code);
        durations.get_or_init(|| Box::new(Histogram::new())).record(event.duration_ns);
        self.fine.record(event.duration_ns);
        if event.signals.is_loop {
            self.loops.fetch_add(1, Relaxed);
        }
        let Some(arguments) = &event.arguments else { return };
        if let Some(is_valid) = arguments.schema_valid {
            self.checked.fetch_add(1, Relaxed);
            self.invalid.fetch_add(u64::from(!is_valid), Relaxed);
        }
        add(&self.unknown_keys, u64::from(arguments.unknown_keys));
        add(&self.missing_keys, arguments.missing.len() as u64);
        add(&self.repeats, u64::from(arguments.repeat_run > 1));
    }
}

/// Most calls have none of these, and then no other thread's cache is disturbed.
fn add(counter: &AtomicU64, count: u64) {
    if count > 0 {
        counter.fetch_add(count, Relaxed);
    }
}
