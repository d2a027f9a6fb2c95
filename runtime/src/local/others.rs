//! What the records say beside the tools.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::durations::Durations;
use super::record::Record;

/// Sessions told apart, of one client or of all; further ones are not counted.
const MAX_SESSIONS: usize = 64 * 1024;

/// The sessions of a record.
///
/// ```
/// assert_eq!(toolwatch::local::SessionSummary::default().sessions, 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SessionSummary {
    /// Sessions that anything was recorded of; at most 65,536.
    pub sessions: u64,
    /// Sessions whose end was recorded.
    pub ended: u64,
    /// Sessions in which the model was stuck at least once.
    pub with_loops: u64,
    /// Calls of tools that belong to a session.
    pub calls: u64,
    #[serde(skip)]
    keys: HashSet<String>,
    #[serde(skip)]
    loops: HashSet<String>,
}

impl SessionSummary {
    /// Calls of tools per session; 0 without sessions.
    #[must_use]
    pub fn calls_per_session(&self) -> f64 {
        if self.sessions == 0 { 0.0 } else { self.calls as f64 / self.sessions as f64 }
    }

    pub(super) fn add(&mut self, record: &Record) {
        self.ended += u64::from(record.event_type == "close");
        let Some(key) = record.session() else { return };
        self.calls += u64::from(record.event_type == "tool_call");
        keep(&mut self.keys, key);
        if record.is_loop() {
            keep(&mut self.loops, key);
        }
        self.sessions = self.keys.len() as u64;
        self.with_loops = self.loops.len() as u64;
    }
}

/// What one client did.
///
/// ```
/// assert_eq!(toolwatch::local::ClientSummary::default().calls, 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ClientSummary {
    /// Its sessions.
    pub sessions: u64,
    /// Its calls of tools.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// All its operations.
    pub operations: u64,
    #[serde(skip)]
    keys: HashSet<String>,
}

impl ClientSummary {
    pub(super) fn add(&mut self, record: &Record) {
        self.operations += 1;
        if record.event_type == "tool_call" {
            self.calls += 1;
            self.errors += u64::from(record.is_error);
        }
        if let Some(key) = record.session() {
            keep(&mut self.keys, key);
            self.sessions = self.keys.len() as u64;
        }
    }
}

/// Reads of one resource, or of the resources of one template.
///
/// ```
/// assert_eq!(toolwatch::local::ResourceSummary::default().reread_rate(), 0.0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ResourceSummary {
    /// Reads.
    pub reads: u64,
    /// Reads of a URI that its session had read before.
    pub rereads: u64,
    /// Reads of which it is known whether they were re-reads.
    pub compared: u64,
    /// Reads that failed.
    pub errors: u64,
    /// Bytes of all contents.
    pub content_bytes: u64,
}

impl ResourceSummary {
    /// The share of re-reads among the reads of sessions, from 0 to 1.
    #[must_use]
    pub fn reread_rate(&self) -> f64 {
        if self.compared == 0 { 0.0 } else { self.rereads as f64 / self.compared as f64 }
    }

    pub(super) fn add(&mut self, record: &Record) {
        self.reads += 1;
        self.errors += u64::from(record.is_error);
        let Some(resource) = record.attributes.others.get("resource") else { return };
        let hit = resource.get("cache_hit").and_then(Value::as_bool);
        self.compared += u64::from(hit.is_some());
        self.rereads += u64::from(hit == Some(true));
        let bytes = resource.get("content_bytes").and_then(Value::as_u64);
        self.content_bytes = self.content_bytes.saturating_add(bytes.unwrap_or_default());
    }
}

/// Operations of one type.
///
/// ```
/// assert_eq!(toolwatch::local::OperationSummary::default().count, 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct OperationSummary {
    /// How many there were.
    pub count: u64,
    /// How many failed.
    pub errors: u64,
    /// The median duration.
    pub p50_ms: f64,
    /// The duration that 95 of 100 stayed below.
    pub p95_ms: f64,
    #[serde(skip)]
    durations: Durations,
}

impl OperationSummary {
    pub(super) fn add(&mut self, record: &Record) {
        self.count += 1;
        self.errors += u64::from(record.is_error);
        self.durations.push(record.duration_ms);
    }

    pub(super) fn finish(&mut self) {
        (self.p50_ms, self.p95_ms) = self.durations.percentiles();
    }
}

fn keep(keys: &mut HashSet<String>, key: &str) {
    if keys.len() < MAX_SESSIONS && !keys.contains(key) {
        keys.insert(key.to_owned());
    }
}
