//! The numbers as JSON, for the resource `metrics://server`.

use serde_json::{Map, Value, json};

use super::{Metrics, ToolMetrics};
use crate::event::Name;

impl Metrics {
    /// The numbers as one JSON object. `uptime_seconds` and `tools` with `calls`, `errors` and
    /// `avg_latency_ms` have the names of Promptise's resource of that URI; the rest is ours. The
    /// last member are the numbers of events: captured, delivered, spooled, dropped.
    pub(crate) fn to_json(&self, events: &[(&'static str, u64)]) -> String {
        let tools: Map<String, Value> =
            self.tools.iter().map(|tool| (printable(tool.name), tool.to_json())).collect();
        let events: Map<String, Value> =
            events.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
        let all = json!({
            "uptime_seconds": round(self.uptime.as_secs_f64()),
            "tools": tools,
            "resources": {"reads": self.resource_reads, "rereads": self.resource_rereads},
            "sessions": {
                "ended": self.sessions.count(),
                "avg_seconds": self.sessions.mean_ms().map(|mean| round(mean / 1e3)),
            },
            "events": events,
        });
        all.to_string()
    }
}

impl ToolMetrics {
    fn to_json(&self) -> Value {
        let [p50, p95, p99] = self.percentiles_ms.map(round);
        let outcomes: Map<String, Value> = self
            .by_outcome()
            .map(|(outcome, count)| (outcome.as_str().to_owned(), json!(count)))
            .collect();
        json!({
            "calls": self.calls(),
            "errors": self.errors(),
            "in_flight": self.in_flight,
            "avg_latency_ms": self.durations.mean_ms().map_or(0.0, round),
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "outcomes": outcomes,
            "invalid": self.invalid,
            "unknown_keys": self.unknown_keys,
            "missing_keys": self.missing_keys,
            "repeats": self.repeats,
            "loops": self.loops,
        })
    }
}

/// A tool's name in which every character is visible: the reader of this resource may be an agent or
/// a terminal, and JSON's own escapes are undone before either sees the name.
fn printable(name: Name) -> String {
    name.as_str().chars().fold(String::new(), |mut text, c| {
        match c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() {
            true => text.push(c),
            false => text.extend(c.escape_unicode()),
        }
        text
    })
}

/// Microseconds of milliseconds, milliseconds of seconds.
fn round(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
