//! What the records say: tool by tool, and of sessions, clients, resources and other operations.

use std::collections::BTreeMap;

use serde::Serialize;

use super::durations::Durations;
use super::others::{ClientSummary, OperationSummary, ResourceSummary, SessionSummary};
use super::record::Record;
use crate::event::Outcome;

/// Rows of one table; the rest is one row.
const MAX_ROWS: usize = 1024;

/// Outcomes told apart; further ones, which a later version may have, are not counted.
const MAX_OUTCOMES: usize = 32;

fn count(outcomes: &mut BTreeMap<String, u64>, outcome: &str) {
    if outcomes.len() < MAX_OUTCOMES || outcomes.contains_key(outcome) {
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
}

/// The row of this name.
fn row<'t, T: Default>(table: &'t mut BTreeMap<String, T>, name: &str) -> &'t mut T {
    let is_known = table.len() < MAX_ROWS || table.contains_key(name);
    table.entry(if is_known { name } else { "_others" }.to_owned()).or_default()
}

/// Counts by tool, client, resource and operation.
///
/// `Display` writes an aligned table without any control character; `Serialize` writes JSON.
///
/// | column | counts the calls |
/// |---|---|
/// | errors | that did not end well: an error, a panic, a cancelled, dropped or interrupted call |
/// | invalid | whose arguments did not fit the tool's schema |
/// | unknown | with arguments that the tool does not declare |
/// | repeats | that came with the same arguments as the one before |
/// | loops | in which the model was stuck: repeats, equal errors or two calls in turn |
/// | p50, p95 | (no count) half and 95 of 100 of the calls took at most this long |
///
/// What a wrapped server tells beside its calls follows in tables of its own: sessions and clients,
/// resources with their re-reads, and all other operations.
///
/// ```
/// let summary = toolwatch::local::Summary::of(Vec::new());
/// assert_eq!(summary.calls(), 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    calls: u64,
    errors: u64,
    tools: BTreeMap<String, ToolSummary>,
    outcomes: BTreeMap<String, u64>,
    sessions: SessionSummary,
    clients: BTreeMap<String, ClientSummary>,
    resources: BTreeMap<String, ResourceSummary>,
    operations: BTreeMap<String, OperationSummary>,
}

/// The counts of one tool.
///
/// ```
/// assert_eq!(toolwatch::local::ToolSummary::default().calls, 0);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ToolSummary {
    /// Calls.
    pub calls: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Calls whose arguments did not fit the tool.
    pub invalid: u64,
    /// Calls with arguments that the tool does not declare.
    pub unknown: u64,
    /// Calls that repeated the one before.
    pub repeats: u64,
    /// Calls that were part of a loop.
    pub loops: u64,
    /// Failed calls that were the caller's fault.
    pub caller_faults: u64,
    /// The median duration.
    pub p50_ms: f64,
    /// The duration that 95 of 100 calls stayed below.
    pub p95_ms: f64,
    /// The intent of the last call that told one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_intent: Option<String>,
    /// Calls by outcome.
    pub outcomes: BTreeMap<String, u64>,
    #[serde(skip)]
    durations: Durations,
}

impl Summary {
    /// Sums records up.
    #[must_use]
    pub fn of(records: impl IntoIterator<Item = Record>) -> Self {
        let mut summary = Self::default();
        for record in records {
            summary.add(&record);
        }
        summary.finish();
        summary
    }

    /// Adds records to what has been summed up.
    pub fn extend(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.add(&record);
        }
        self.finish();
    }

    /// All calls of tools.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// All calls of tools that failed.
    #[must_use]
    pub const fn errors(&self) -> u64 {
        self.errors
    }

    /// The tools by name.
    #[must_use]
    pub const fn tools(&self) -> &BTreeMap<String, ToolSummary> {
        &self.tools
    }

    /// Calls of tools by outcome.
    #[must_use]
    pub const fn outcomes(&self) -> &BTreeMap<String, u64> {
        &self.outcomes
    }

    /// The sessions.
    #[must_use]
    pub const fn sessions(&self) -> &SessionSummary {
        &self.sessions
    }

    /// The clients by name and version.
    #[must_use]
    pub const fn clients(&self) -> &BTreeMap<String, ClientSummary> {
        &self.clients
    }

    /// The resources that were read, by the name or the template that the server advertises.
    #[must_use]
    pub const fn resources(&self) -> &BTreeMap<String, ResourceSummary> {
        &self.resources
    }

    /// All operations but calls of tools and the ends of sessions, by type.
    #[must_use]
    pub const fn operations(&self) -> &BTreeMap<String, OperationSummary> {
        &self.operations
    }

    fn add(&mut self, record: &Record) {
        self.sessions.add(record);
        row(&mut self.clients, &record.client()).add(record);
        if matches!(record.event_type.as_str(), "session_start" | "close") {
            return;
        }
        // Records of the first version have no type.
        if !matches!(record.event_type.as_str(), "tool_call" | "") {
            row(&mut self.operations, &record.event_type).add(record);
            if record.event_type == "resource_read" {
                row(&mut self.resources, &record.event_name).add(record);
            }
            return;
        }
        self.calls += 1;
        self.errors += u64::from(record.is_error);
        if let Some(outcome) = record.attributes.outcome.as_deref() {
            count(&mut self.outcomes, outcome);
        }
        row(&mut self.tools, &record.event_name).add(record);
    }

    fn finish(&mut self) {
        self.tools.values_mut().for_each(ToolSummary::finish);
        self.operations.values_mut().for_each(OperationSummary::finish);
    }
}

impl ToolSummary {
    fn add(&mut self, record: &Record) {
        self.calls += 1;
        self.errors += u64::from(record.is_error);
        self.invalid += u64::from(record.is_invalid());
        self.unknown += u64::from(record.has_unknown_keys());
        self.repeats += u64::from(record.is_repeat());
        self.loops += u64::from(record.is_loop());
        self.caller_faults += u64::from(record.is_callers_fault());
        if record.outcome() != Some(Outcome::Interrupted) {
            // How long it took died with its process.
            self.durations.push(record.duration_ms);
        }
        if let Some(intent) = record.intent() {
            self.last_intent = Some(intent.to_owned());
        }
        count(&mut self.outcomes, record.attributes.outcome.as_deref().unwrap_or("unknown"));
    }

    fn finish(&mut self) {
        (self.p50_ms, self.p95_ms) = self.durations.percentiles();
    }
}
