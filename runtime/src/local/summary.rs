//! What the records say, tool by tool.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::Record;
use crate::event::Outcome;

/// Durations kept per tool; past it every second one is dropped, so percentiles become estimates.
const MAX_DURATIONS: usize = 16 * 1024;

/// Tools told apart; the rest is one row.
const MAX_TOOLS: usize = 1024;

/// Counts by tool.
///
/// `Display` writes an aligned table without any control character; `Serialize` writes JSON.
///
/// | column | counts the calls |
/// |---|---|
/// | errors | that did not end well: an error, a panic, a cancelled, dropped or interrupted call |
/// | invalid | whose arguments did not fit the tool's schema |
/// | unknown | with arguments that the tool does not declare |
/// | repeats | that came with the same arguments as the one before |
/// | p50, p95 | (no count) half and 95 of 100 of the calls took at most this long |
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

/// Durations, thinned evenly once there are too many.
#[derive(Clone, Debug, Default)]
struct Durations {
    kept: Vec<f64>,
    stride_log2: u32,
    seen: u64,
}

impl Durations {
    fn push(&mut self, duration: f64) {
        if self.seen.is_multiple_of(1 << self.stride_log2) && duration.is_finite() {
            self.kept.push(duration);
        }
        self.seen += 1;
        if self.kept.len() >= MAX_DURATIONS {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride_log2 += 1;
        }
    }

    /// The smallest duration that this share of the durations does not exceed.
    fn percentile(sorted: &[f64], percent: usize) -> f64 {
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
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

    /// All calls.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// All calls that failed.
    #[must_use]
    pub const fn errors(&self) -> u64 {
        self.errors
    }

    /// The tools by name.
    #[must_use]
    pub const fn tools(&self) -> &BTreeMap<String, ToolSummary> {
        &self.tools
    }

    fn add(&mut self, record: &Record) {
        self.calls += 1;
        self.errors += u64::from(record.is_error);
        let known = self.tools.len() < MAX_TOOLS || self.tools.contains_key(&record.event_name);
        let name = if known { record.event_name.as_str() } else { "_others" };
        self.tools.entry(name.to_owned()).or_default().add(record);
    }

    fn finish(&mut self) {
        self.tools.values_mut().for_each(ToolSummary::finish);
    }
}

impl ToolSummary {
    fn add(&mut self, record: &Record) {
        self.calls += 1;
        self.errors += u64::from(record.is_error);
        self.invalid += u64::from(record.is_invalid());
        self.unknown += u64::from(record.has_unknown_keys());
        self.repeats += u64::from(record.is_repeat());
        if record.outcome() != Some(Outcome::Interrupted) {
            // How long it took died with its process.
            self.durations.push(record.duration_ms);
        }
        if let Some(intent) = record.intent() {
            self.last_intent = Some(intent.to_owned());
        }
        let outcome = record.attributes.outcome.as_deref().unwrap_or("unknown");
        if self.outcomes.len() < 32 || self.outcomes.contains_key(outcome) {
            *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        }
    }

    fn finish(&mut self) {
        let mut sorted = self.durations.kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        self.p50_ms = Durations::percentile(&sorted, 50);
        self.p95_ms = Durations::percentile(&sorted, 95);
    }
}
