//! A summary as an aligned table that is safe to print on any terminal.

use std::fmt;

use super::summary::{Summary, ToolSummary};

const COLUMNS: usize = 9;
const HEADINGS: [&str; COLUMNS] =
    ["tool", "calls", "errors", "invalid", "unknown", "repeats", "p50 ms", "p95 ms", "last intent"];
/// Longer names and intents are cut.
const MAX_CELL_CHARS: usize = 60;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tools: Vec<_> = self.tools().iter().collect();
        // The busiest first; the map's order by name decides ties.
        tools.sort_by_key(|(_, tool)| std::cmp::Reverse(tool.calls));
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        rows.extend(tools.into_iter().map(|(name, tool)| row(name, tool)));
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        for row in &rows {
            write_row(f, row, widths)?;
        }
        write!(f, "{}, {}", count(self.calls(), "call"), count(self.errors(), "error"))
    }
}

fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

fn row(name: &str, tool: &ToolSummary) -> [String; COLUMNS] {
    [
        safe(name),
        tool.calls.to_string(),
        tool.errors.to_string(),
        tool.invalid.to_string(),
        tool.unknown.to_string(),
        tool.repeats.to_string(),
        millis(tool.p50_ms),
        millis(tool.p95_ms),
        safe(tool.last_intent.as_deref().unwrap_or_default()),
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

/// Text left, numbers right, nothing behind the last cell.
fn write_row(
    f: &mut fmt::Formatter<'_>,
    row: &[String; COLUMNS],
    widths: [usize; COLUMNS],
) -> fmt::Result {
    let mut line = String::new();
    for (index, cell) in row.iter().enumerate() {
        let width = widths[index];
        line.push_str(&match index {
            0 | 8 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
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
            "tool                calls  errors  invalid  unknown  repeats  p50 ms  p95 ms  last intent\n\
             search                  2       0        0        0        0     1.0     3.0  again\n\
             a_rather_long_name      1       0        0        0        0    10.2    10.2  \u{b7}x\n\
             3 calls, 0 errors"
        );
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(safe(&"x".repeat(61)).chars().count(), 61);
        assert!(safe(&"x".repeat(61)).ends_with('\u{2026}'));
    }
}
