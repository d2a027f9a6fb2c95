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
mod parts;
pub(super) mod time;

#[cfg(test)]
pub(crate) mod tests;

use json::{Writer, key};

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
/// those of the watch.
pub(crate) fn encode(event: &Event, tags: &[Tag], out: &mut Vec<u8>) {
    let mut json = Writer(out);
    json.open();
    json.key(key!("event_id"));
    json.uuid(event.id.0);
    json.hex(key!("trace_id"), &event.trace.trace_id);
    json.hex(key!("span_id"), &event.trace.span_id);
    if let Some(parent) = event.trace.parent_span_id {
        json.hex(key!("parent_span_id"), &parent);
    }
    json.text(key!("event_type"), event.event_type.as_str());
    json.text(key!("event_name"), event.name.as_str());
    json.time(key!("started_at"), event.started.0);
    json.time(key!("ended_at"), event.started.0.saturating_add(event.duration_ns));
    json.millis(key!("duration_ms"), event.duration_ns);
    if !event.method.is_empty() {
        json.text(key!("mcp_method"), event.method);
    }
    if let Some(version) = &event.caller.protocol_version {
        json.text(key!("mcp_protocol_version"), version.as_str());
    }
    if let Some(arguments) = &event.arguments {
        parts::arguments(&mut json, arguments);
    } else if let Some(opaque) = event.opaque {
        parts::opaque(&mut json, opaque);
    }
    if let Some(result) = &event.result {
        parts::result(&mut json, result);
    }
    json.key(key!("is_error"));
    json.bool(event.outcome.is_error());
    if let Some(failure) = &event.failure {
        error(&mut json, failure);
    }
    json.text(key!("transport_type"), event.caller.transport.as_str());
    if let Some(name) = &event.caller.client_name {
        json.text(key!("client_name"), name.as_str());
    }
    if let Some(version) = &event.caller.client_version {
        json.text(key!("client_version"), version.as_str());
    }
    attributes::attributes(&mut json, event, tags);
    json.close();
}

fn error(json: &mut Writer<'_>, failure: &Failure) {
    if let Some(code) = failure.code {
        json.key(key!("error_code"));
        json.integer(code.into());
    }
    json.text(key!("error_message"), failure.kind.as_str());
}
