//! An event as one line.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::event::{Event, RequestKey};

/// What a line tells. The first seven members have the names of Promptise's structured log; `error`
/// is `error.type` of the OpenTelemetry conventions where it has one, else the outcome.
pub(super) struct Line<'a> {
    event: &'a Event,
    timestamp: String,
    request_id: Option<String>,
    error: Option<&'static str>,
    duration_ms: f64,
}

impl<'a> Line<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let code = event.failure.and_then(|failure| failure.code);
        let outcome = event.outcome;
        let is_error = outcome.is_error();
        Self {
            event,
            timestamp: event.started.to_string(),
            request_id: event.request_id.map(|id| match id {
                RequestKey::Number(number) => number.to_string(),
                RequestKey::Hash(hash) => format!("{hash:016x}"),
            }),
            error: is_error.then(|| outcome.error_type(code).unwrap_or(outcome.as_str())),
            // Microseconds are as fine as a duration between two tasks means anything.
            duration_ms: (event.duration_ns / 1_000) as f64 / 1e3,
        }
    }

    /// Appends the line with its end.
    pub(super) fn write_json(&self, out: &mut String) {
        let event = self.event;
        out.push('{');
        text(out, "timestamp", &self.timestamp);
        text(out, "event", event.event_type.as_str());
        text(out, "tool", event.name.as_str());
        if let Some(id) = &self.request_id {
            text(out, "request_id", id);
        }
        number(out, "duration_ms", self.duration_ms);
        text(out, "status", event.outcome.as_str());
        if let Some(error) = self.error {
            text(out, "error", error);
        }
        if !event.method.is_empty() {
            text(out, "method", event.method);
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
            text(out, "session", &format!("{:016x}", session.value));
        }
        text(out, "trace_id", &hex(&event.trace.trace_id));
        text(out, "span_id", &hex(&event.trace.span_id));
        out.push_str("}\n");
    }

    /// Hands the line to whoever subscribes to `tracing`.
    pub(super) fn trace(&self) {
        #[cfg(feature = "planted-leaks")]
        if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::StructuredLog) {
            tracing::info!(target: "toolwatch::call", argument = text);
        }
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(
                    target: "toolwatch::call",
                    event = self.event.event_type.as_str(),
                    tool = &*safe(self.event.name.as_str()),
                    request_id = self.request_id.as_deref(),
                    duration_ms = self.duration_ms,
                    status = self.event.outcome.as_str(),
                    error = self.error,
                    timestamp = &*self.timestamp,
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

fn text(out: &mut String, name: &str, value: &str) {
    key(out, name);
    out.push('"');
    out.push_str(&safe(value));
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
