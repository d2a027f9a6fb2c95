//! An event as one line.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::event::{self, Event, RequestKey};

/// What a line tells. The first seven members have the names of Promptise's structured log; `error`
/// is `error.type` of the OpenTelemetry conventions where it has one, else the outcome.
///
/// Nothing is made before it is written: every line is written within a call.
pub(super) struct Line<'a> {
    event: &'a Event,
    error: Option<&'static str>,
}

impl<'a> Line<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let code = event.failure.and_then(|failure| failure.code);
        let outcome = event.outcome;
        let error = || outcome.error_type(code).unwrap_or(outcome.as_str());
        Self { event, error: outcome.is_error().then(error) }
    }

    /// Appends the line with its end.
    pub(super) fn write_json(&self, out: &mut String) {
        let event = self.event;
        out.push('{');
        text(out, "timestamp", ascii(&event::time_text(event.started.0)));
        text(out, "event", event.event_type.as_str());
        text(out, "tool", &safe(event.name.as_str()));
        if let Some(id) = event.request_id {
            key(out, "request_id");
            out.push('"');
            request_id(out, id);
            out.push('"');
        }
        key(out, "duration_ms");
        millis(out, event.duration_ns);
        text(out, "status", event.outcome.as_str());
        if let Some(error) = self.error {
            text(out, "error", error);
        }
        if !event.method.is_empty() {
            text(out, "method", &safe(event.method));
        }
        if let Some(code) = event.failure.and_then(|failure| failure.code) {
            number(out, "code", code);
        }
        if let Some(arguments) = &event.arguments {
            if let Some(is_valid) = arguments.schema_valid {
                number(out, "schema_valid", is_valid);
            }
            if arguments.repeat_run > 1 {
                number(out, "repeat", arguments.repeat_run);
            }
        }
        if event.signals.is_loop {
            number(out, "loop", true);
        }
        if let Some(session) = event.caller.session {
            hex(out, "session", &session.value.to_be_bytes());
        }
        hex(out, "trace_id", &event.trace.trace_id);
        hex(out, "span_id", &event.trace.span_id);
        out.push_str("}\n");
    }

    /// Hands the line to whoever subscribes to `tracing`.
    pub(super) fn trace(&self) {
        #[cfg(feature = "planted-leaks")]
        if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::StructuredLog) {
            tracing::info!(target: "toolwatch::call", argument = text);
        }
        let timestamp = event::time_text(self.event.started.0);
        let id = self.event.request_id.map(|id| {
            let mut text = String::new();
            request_id(&mut text, id);
            text
        });
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(
                    target: "toolwatch::call",
                    event = self.event.event_type.as_str(),
                    tool = &*safe(self.event.name.as_str()),
                    request_id = id.as_deref(),
                    // Microseconds are as fine as a duration between two tasks means anything.
                    duration_ms = (self.event.duration_ns / 1_000) as f64 / 1e3,
                    status = self.event.outcome.as_str(),
                    error = self.error,
                    timestamp = ascii(&timestamp),
                )
            };
        }
        if self.error.is_some() { emit!(warn) } else { emit!(info) }
    }
}

fn key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// Writes a member whose value is printable already.
fn text(out: &mut String, name: &str, value: &str) {
    key(out, name);
    out.push('"');
    out.push_str(value);
    out.push('"');
}

fn number(out: &mut String, name: &str, value: impl std::fmt::Display) {
    key(out, name);
    // Writing to a text cannot fail.
    let _ = write!(out, "{value}");
}

/// A text as the inside of a JSON string, in printable ASCII alone: a tool's name may hold escape
/// sequences, ends of lines or bidirectional controls, and a terminal obeys them.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    let is_safe = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_safe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) if is_safe(byte) => out.push(c),
            Ok(b'"') => out.push_str("\\\""),
            Ok(b'\\') => out.push_str("\\\\"),
            _ => c.encode_utf16(&mut units).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            }),
        }
    }
    Cow::Owned(out)
}

fn request_id(out: &mut String, id: RequestKey) {
    // Writing to a text cannot fail.
    let _ = match id {
        RequestKey::Number(number) => write!(out, "{number}"),
        RequestKey::Hash(hash) => write!(out, "{hash:016x}"),
    };
}

/// Writes nanoseconds as milliseconds, to the microsecond: as fine as a duration between two tasks
/// means anything.
fn millis(out: &mut String, nanos: u64) {
    let micros = nanos / 1_000;
    let _ = write!(out, "{}", micros / 1_000);
    let below = micros % 1_000;
    if below > 0 {
        let _ = write!(out, ".{below:03}");
        out.truncate(out.trim_end_matches('0').len());
    }
}

fn hex<const N: usize>(out: &mut String, name: &str, bytes: &[u8; N]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    key(out, name);
    out.push('"');
    out.reserve(2 * N + 1);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)].into());
        out.push(DIGITS[usize::from(byte & 15)].into());
    }
    out.push('"');
}

/// The bytes as text: they are ASCII.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
