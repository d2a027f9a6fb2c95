//! A summary as an aligned table that is safe to print on any terminal.

use std::collections::BTreeMap;
use std::fmt;

use super::others::{ClientSummary, OperationSummary, ResourceSummary};
use super::summary::{Summary, ToolSummary};

/// Longer names and intents are cut.
const MAX_CELL_CHARS: usize = 60;

const TOOLS: [&str; 10] = [
    "tool",
    "calls",
    "errors",
    "invalid",
    "unknown",
    "repeats",
    "loops",
    "p50 ms",
    "p95 ms",
    "last intent",
];
const CLIENTS: [&str; 5] = ["client", "sessions", "calls", "errors", "operations"];
const RESOURCES: [&str; 6] = ["resource", "reads", "errors", "re-reads", "rate", "bytes"];
const OPERATIONS: [&str; 5] = ["operation", "count", "errors", "p50 ms", "p95 ms"];

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The busiest first; the map's order by name decides ties.
        write_table(f, &TOOLS, self.tools(), |tool| tool.calls, tool_row)?;
        if !self.resources().is_empty() {
            writeln!(f)?;
            write_table(f, &RESOURCES, self.resources(), |of| of.reads, resource_row)?;
        }
        if !self.operations().is_empty() {
            writeln!(f)?;
            write_table(f, &OPERATIONS, self.operations(), |of| of.count, operation_row)?;
        }
        if self.clients().keys().any(|client| client != "_unknown") {
            writeln!(f)?;
            write_table(f, &CLIENTS, self.clients(), |of| of.operations, client_row)?;
        }
        write!(f, "{}, {}", count(self.calls(), "call"), count(self.errors(), "error"))?;
        let sessions = self.sessions();
        if sessions.sessions > 0 {
            write!(f, ", {}", count(sessions.sessions, "session"))?;
            write!(f, " ({:.1} calls each)", sessions.calls_per_session())?;
        }
        if !self.outcomes().is_empty() {
            let outcomes = self.outcomes().iter();
            let outcomes: Vec<_> =
                outcomes.map(|(outcome, count)| format!("{} {count}", safe(outcome))).collect();
            write!(f, "\noutcomes: {}", outcomes.join(", "))?;
        }
        Ok(())
    }
}

/// Writes a table with a heading, the greatest rows first.
fn write_table<T, const N: usize>(
    f: &mut fmt::Formatter<'_>,
    headings: &[&'static str; N],
    table: &BTreeMap<String, T>,
    weight: impl Fn(&T) -> u64,
    row: impl Fn(&str, &T) -> [String; N],
) -> fmt::Result {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(_, entry)| std::cmp::Reverse(weight(entry)));
    let mut rows = vec![headings.map(str::to_owned)];
    rows.extend(entries.into_iter().map(|(name, entry)| row(name, entry)));
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let is_text = headings.map(|heading| matches!(heading, "last intent"));
    rows.iter().try_for_each(|row| write_row(f, row, widths, is_text))
}

fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

fn tool_row(name: &str, tool: &ToolSummary) -> [String; 10] {
    [
        safe(name),
        tool.calls.to_string(),
        tool.errors.to_string(),
        tool.invalid.to_string(),
        tool.unknown.to_string(),
        tool.repeats.to_string(),
        tool.loops.to_string(),
        millis(tool.p50_ms),
        millis(tool.p95_ms),
        safe(tool.last_intent.as_deref().unwrap_or_default()),
    ]
}

fn client_row(name: &str, client: &ClientSummary) -> [String; 5] {
    [
        safe(name),
        client.sessions.to_string(),
        client.calls.to_string(),
        client.errors.to_string(),
        client.operations.to_string(),
    ]
}

fn resource_row(name: &str, resource: &ResourceSummary) -> [String; 6] {
    [
        safe(name),
        resource.reads.to_string(),
        resource.errors.to_string(),
        resource.rereads.to_string(),
        format!("{:.0} %", resource.reread_rate() * 100.0),
        resource.content_bytes.to_string(),
    ]
}

fn operation_row(name: &str, operation: &OperationSummary) -> [String; 5] {
    [
        safe(name),
        operation.count.to_string(),
        operation.errors.to_string(),
        millis(operation.p50_ms),
        millis(operation.p95_ms),
    ]
}

/// Three digits that say something: fast tools take microseconds.
fn millis(millis: f64) -> String {
    match millis {
        fast if fast < 1.0 => format!("{fast:.3}"),
        middling if middling < 100.0 => format!("{middling:.1}"),
        slow => format!("{slow:.0}"),
    }
}

/// Text left, numbers right, nothing behind the last cell. The first column is a name.
fn write_row<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    row: &[String; N],
    widths: [usize; N],
    is_text: [bool; N],
) -> fmt::Result {
    let mut line = String::new();
    for (index, cell) in row.iter().enumerate() {
        let width = widths[index];
        line.push_str(&match index == 0 || is_text[index] {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        line.push_str("  ");
    }
    writeln!(f, "{}", line.trim_end())
}

/// The text without anything that a terminal would act on, and not too long.
fn safe(text: &str) -> String {
    let mut safe: String = text
        .chars()
        .take(MAX_CELL_CHARS)
        .map(|c| if is_harmless(c) { c } else { '\u{b7}' })
        .collect();
    if text.chars().nth(MAX_CELL_CHARS).is_some() {
        safe.push('\u{2026}');
    }
    safe
}

/// Neither a control character nor one that changes the direction of the text or has no width.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Record;

    fn record(name: &str, intent: &str, ms: f64) -> Record {
        let mut record =
            Record { event_name: name.to_owned(), duration_ms: ms, ..Record::default() };
        record.attributes.intent = intent.into();
        record
    }

    #[test]
    fn a_table_is_aligned_and_cannot_drive_the_terminal() {
        let records = [
            record("search", "find\u{1b}[2Jout", 1.0),
            record("search", "again", 3.0),
            record("a_rather_long_name", "\u{202e}x", 10.25),
        ];
        assert_eq!(
            Summary::of(records).to_string(),
            "tool                calls  errors  invalid  unknown  repeats  loops  p50 ms  p95 ms  last intent\n\
             search                  2       0        0        0        0      0     1.0     3.0  again\n\
             a_rather_long_name      1       0        0        0        0      0    10.2    10.2  \u{b7}x\n\
             3 calls, 0 errors"
        );
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(safe(&"x".repeat(61)).chars().count(), 61);
        assert!(safe(&"x".repeat(61)).ends_with('\u{2026}'));
    }
}
