//! What happened so far, as numbers: one registry per watch, which every metrics reader reads.
//!
//! Series are made of the program's own names alone: a tool, a prompt, a method, an outcome. What a
//! caller chooses (arguments, sessions, URIs, client names, request ids) never names one, and their
//! number is bounded, so that no caller can make them grow.

mod histogram;
mod json;
mod series;
mod snapshot;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

pub use histogram::Durations;
pub use snapshot::{Metrics, OperationMetrics, ToolMetrics};

#[cfg(feature = "otel")]
pub(crate) use histogram::BOUNDS_NS;
use histogram::Histogram;
use series::{Series, ToolSeries};

use crate::event::{Detail, Event, EventType, Name, Outcome};

/// How many tools have series of their own; those after are one series, `_overflow`.
const MAX_TOOLS: usize = 1_000;
/// How many operations have series of their own; those after are one series per outcome.
const MAX_OPERATIONS: usize = 4_000;
/// The name of what is over a bound.
const OVERFLOW: Name = Name::from_static("_overflow");

/// JSON-RPC codes that are told apart on metrics: those of JSON-RPC 2.0 and of MCP. A server may
/// choose codes as it runs, so others are one.
const CODES: [i32; 10] =
    [-32700, -32600, -32601, -32602, -32603, -32000, -32002, -32020, -32021, -32022];
/// Stands for every other code.
const OTHER_CODE: i32 = 0;

/// What tells series of operations apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) method: &'static str,
    /// A tool or a prompt.
    pub(crate) target: Option<Name>,
    pub(crate) outcome: Outcome,
    /// The JSON-RPC code of an error, [`OTHER_CODE`] for one that is not well known.
    pub(crate) code: Option<i32>,
}

/// What was counted of an event, under names whose number is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// No duration.
    Nothing,
    /// That of a session.
    Session,
    /// That of an operation.
    Operation(Key),
}

/// The numbers of one watch.
pub(crate) struct Registry {
    started: Instant,
    tools: RwLock<HashMap<Name, Arc<ToolSeries>>>,
    /// All but calls without a JSON-RPC code, which their tool counts by outcome.
    operations: RwLock<HashMap<Key, Arc<Series>>>,
    sessions: Histogram,
    resource_reads: AtomicU64,
    resource_rereads: AtomicU64,
}

impl Registry {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            tools: RwLock::default(),
            operations: RwLock::default(),
            sessions: Histogram::new(),
            resource_reads: AtomicU64::new(0),
            resource_rereads: AtomicU64::new(0),
        }
    }

    /// Notes that an operation has begun. What is returned has to live until it has ended.
    pub(crate) fn start(&self, event: &Event) -> Option<Flight> {
        let is_call = event.event_type == EventType::ToolCall;
        is_call.then(|| Flight::new(event.name, self.tool(event.name)))
    }

    /// Takes the numbers of an operation that has ended.
    pub(crate) fn record(&self, event: &Event, flight: Option<&Flight>) -> Measured {
        if event.method.is_empty() || event.event_type == EventType::SessionStart {
            return Measured::Nothing;
        }
        if event.event_type == EventType::ToolCall {
            let counted_as = match flight.filter(|flight| flight.name == event.name) {
                Some(flight) => {
                    flight.tool.record(event);
                    flight.counted_as
                }
                None => {
                    let (counted_as, tool) = self.tool(event.name);
                    tool.record(event);
                    counted_as
                }
            };
            if code_of(event).is_none() {
                return Measured::Operation(Key { target: Some(counted_as), ..Key::of(event) });
            }
        }
        match event.detail.as_deref() {
            Some(Detail::Resource(access)) if event.event_type == EventType::ResourceRead => {
                let again = u64::from(access.cache_hit == Some(true));
                self.resource_reads.fetch_add(1, Relaxed);
                self.resource_rereads.fetch_add(again, Relaxed);
            }
            Some(Detail::Session(_)) => {
                self.sessions.record(event.duration_ns);
                return Measured::Session;
            }
            _ => {}
        }
        // A subscription lasts as long as somebody listens, which is no latency.
        if event.event_type == EventType::Listen {
            return Measured::Nothing;
        }
        let (key, series) = self.operation(Key::of(event));
        series.record(event.duration_ns);
        Measured::Operation(key)
    }

    fn tool(&self, name: Name) -> (Name, Arc<ToolSeries>) {
        let overflow = |tools: usize| (tools >= MAX_TOOLS).then_some(OVERFLOW);
        find_or_make(&self.tools, name, overflow, ToolSeries::new)
    }

    fn operation(&self, key: Key) -> (Key, Arc<Series>) {
        let rest = Key { method: "_other", target: None, code: None, ..key };
        let overflow = |series: usize| (series >= MAX_OPERATIONS).then_some(rest);
        find_or_make(&self.operations, key, overflow, Series::new)
    }
}

impl Key {
    fn of(event: &Event) -> Self {
        let has_target = matches!(event.event_type, EventType::ToolCall | EventType::PromptGet);
        let code = code_of(event);
        Self {
            method: event.method,
            target: has_target.then_some(event.name),
            outcome: event.outcome,
            code: code.map(|code| if CODES.contains(&code) { code } else { OTHER_CODE }),
        }
    }
}

/// The JSON-RPC code that the client was answered with.
fn code_of(event: &Event) -> Option<i32> {
    event.failure.as_ref().and_then(|failure| failure.code)
}

/// The series of a key, and the key that it has: the one that stands for the rest once there are
/// too many.
fn find_or_make<K: Copy + Eq + std::hash::Hash, S>(
    series: &RwLock<HashMap<K, Arc<S>>>,
    key: K,
    overflow: impl FnOnce(usize) -> Option<K>,
    make: impl FnOnce() -> S,
) -> (K, Arc<S>) {
    if let Some(found) = series.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return (key, Arc::clone(found));
    }
    let mut series = series.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = series.get(&key) {
        return (key, Arc::clone(found));
    }
    let key = overflow(series.len()).unwrap_or(key);
    (key, Arc::clone(series.entry(key).or_insert_with(|| Arc::new(make()))))
}

/// A call that is under way, counted as such as long as this lives.
pub(crate) struct Flight {
    name: Name,
    /// The name of its series, which may be that of the rest.
    counted_as: Name,
    tool: Arc<ToolSeries>,
}

impl Flight {
    fn new(name: Name, (counted_as, tool): (Name, Arc<ToolSeries>)) -> Self {
        tool.in_flight.fetch_add(1, Relaxed);
        Self { name, counted_as, tool }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.tool.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
