//! An event as one line of the structured log.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::json::Writer;
use super::out::{Key, Out, key};
use crate::event::{Event, RequestKey};

/// `error` of the log: `error.type` of the OpenTelemetry conventions where the event has one, else
/// the outcome; nothing for one that is no error.
pub(crate) fn error_of(event: &Event) -> Option<&'static str> {
    let code = event.failure.and_then(|failure| failure.code);
    let outcome = event.outcome;
    outcome.is_error().then(|| outcome.error_type(code).unwrap_or(outcome.as_str()))
}

/// Appends the line with its end, in printable ASCII alone. The first seven members have the names of
/// Promptise's structured log.
pub(crate) fn encode_line(event: &Event, out: &mut Vec<u8>) {
    let mut json = Writer(out);
    json.open();
    json.time(key!("timestamp"), event.started.0);
    json.text(key!("event"), event.event_type.as_str());
    printed(&mut json, key!("tool"), event.name.as_str());
    if let Some(id) = event.request_id {
        json.key(key!("request_id"));
        request_id(&mut json, id);
    }
    // Microseconds are as fine as a duration between two tasks means anything.
    json.millis(key!("duration_ms"), event.duration_ns / 1_000 * 1_000);
    json.text(key!("status"), event.outcome.as_str());
    if let Some(error) = error_of(event) {
        json.text(key!("error"), error);
    }
    if !event.method.is_empty() {
        printed(&mut json, key!("method"), event.method);
    }
    if let Some(code) = event.failure.and_then(|failure| failure.code) {
        json.key(key!("code"));
        json.integer(code.into());
    }
    if let Some(arguments) = &event.arguments {
        if let Some(is_valid) = arguments.schema_valid {
            json.key(key!("schema_valid"));
            json.bool(is_valid);
        }
        json.count_unless(1, key!("repeat"), arguments.repeat_run.max(1).into());
    }
    if event.signals.is_loop {
        json.key(key!("loop"));
        json.bool(true);
    }
    if let Some(session) = event.caller.session {
        json.hash(key!("session"), session.value);
    }
    json.hex(key!("trace_id"), &event.trace.trace_id);
    json.hex(key!("span_id"), &event.trace.span_id);
    json.close();
    json.0.push(b'\n');
}

/// A text that may hold anything.
fn printed(json: &mut Writer<'_>, key: Key, text: &str) {
    json.key(key);
    json.0.push(b'"');
    json.0.extend_from_slice(printable(text).as_bytes());
    json.0.push(b'"');
}

/// A text, as the reference has it, whether the client numbers its requests or names them.
fn request_id(json: &mut Writer<'_>, id: RequestKey) {
    match id {
        RequestKey::Number(number) => {
            json.0.push(b'"');
            json.integer(number);
            json.0.push(b'"');
        }
        RequestKey::Hash(hash) => json.bare_hash(hash),
    }
}

/// A text as the inside of a JSON string, in printable ASCII alone: a tool's name may hold escape
/// sequences, ends of lines or bidirectional controls, and a terminal obeys them.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
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
