//! Writes an event once, as JSON by hand.
//!
//! The members and their names are in `docs/spec/event.md`. What is absent is an absent key, and
//! numbers that the dictionary gives a default are left out when they have it. Nothing is
//! allocated but the room in `out`.

mod attributes;
#[cfg(feature = "audit")]
pub(super) mod audit;
mod detail;
pub(super) mod json;
#[cfg(feature = "log")]
pub(super) mod line;
pub(super) mod out;
mod parts;
pub(super) mod time;

#[cfg(test)]
pub(crate) mod tests;

use std::ops::Range;

use json::Writer;
use out::{Out, key};

use super::{Event, EventId, Failure, Tag};

/// What all events of one watch have in common. It is written once per spool segment and spliced
/// into each event on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// The name of the watched server.
    pub(crate) server_name: String,
    /// The version of the watched server.
    pub(crate) server_version: String,
    /// Tells the runs of the server apart.
    pub(crate) server_instance: EventId,
}

impl Common {
    /// The common members, without braces and without a comma at the ends.
    pub(crate) fn fragment(&self) -> Vec<u8> {
        let mut out = vec![b'{'];
        let mut json = Writer(&mut out);
        json.text(key!("server_name"), &self.server_name);
        json.text(key!("server_version"), &self.server_version);
        json.key(key!("server_instance"));
        json.uuid(self.server_instance.0);
        json.text(key!("sdk_name"), "toolwatch");
        json.text(key!("sdk_version"), env!("CARGO_PKG_VERSION"));
        out.split_off(1)
    }
}

/// Appends what events tell of a call's arguments, as one JSON object.
#[cfg(any(test, fuzzing))]
pub(crate) fn encode_arguments(arguments: &super::Arguments, out: &mut Vec<u8>) {
    let mut json = Writer(out);
    json.open();
    parts::arguments(&mut json, arguments);
    json.close();
}

/// Appends the event to `out` as one JSON object, without the members of [`Common`]. `tags` are
/// those of the watch. Returns where in `out` the member with the shape of the arguments stands, its
/// comma included.
pub(crate) fn encode(event: &Event, tags: &[Tag], out: &mut Vec<u8>) -> Range<usize> {
    write(event, tags, &mut Writer(out))
}

/// Writes the event to anything, as [`encode`] has it.
pub(crate) fn write<'e>(event: &'e Event, tags: &'e [Tag], out: &mut impl Out<'e>) -> Range<usize> {
    out.open();
    out.key(key!("event_id"));
    out.uuid(event.id.0);
    out.hex(key!("trace_id"), &event.trace.trace_id);
    out.hex(key!("span_id"), &event.trace.span_id);
    if let Some(parent) = event.trace.parent_span_id {
        out.hex(key!("parent_span_id"), &parent);
    }
    out.text(key!("event_type"), event.event_type.as_str());
    out.text(key!("event_name"), event.name.as_str());
    out.time(key!("started_at"), event.started.0);
    out.time(key!("ended_at"), event.started.0.saturating_add(event.duration_ns));
    out.millis(key!("duration_ms"), event.duration_ns);
    if !event.method.is_empty() {
        out.text(key!("mcp_method"), event.method);
    }
    if let Some(version) = &event.caller.protocol_version {
        out.text(key!("mcp_protocol_version"), version.as_str());
    }
    let start = out.position();
    if let Some(arguments) = &event.arguments {
        parts::arguments(out, arguments);
    } else if let Some(opaque) = event.opaque {
        parts::opaque(out, opaque);
    }
    let arguments = start..out.position();
    if let Some(result) = &event.result {
        parts::result(out, result);
    }
    out.key(key!("is_error"));
    out.bool(event.outcome.is_error());
    if let Some(failure) = &event.failure {
        error(out, failure);
    }
    out.text(key!("transport_type"), event.caller.transport.as_str());
    if let Some(name) = &event.caller.client_name {
        out.text(key!("client_name"), name.as_str());
    }
    if let Some(version) = &event.caller.client_version {
        out.text(key!("client_version"), version.as_str());
    }
    attributes::attributes(out, event, tags);
    out.close();
    arguments
}

fn error<'e>(out: &mut impl Out<'e>, failure: &'e Failure) {
    if let Some(code) = failure.code {
        out.key(key!("error_code"));
        out.integer(code.into());
    }
    out.text(key!("error_message"), failure.kind.as_str());
}
