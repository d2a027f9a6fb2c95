//! What an event leaves in the audit log: a part of its members, under their names.
//!
//! Left out is what has no place in a log that cannot be corrected: the intent's text, values that
//! a type released, tags and properties; and what only helps to understand performance.

use std::borrow::Cow;
use std::ops::Range;

use super::error;
use super::json::Writer;
use super::out::{Out, key};
use super::{attributes, parts};
use crate::event::{Arguments, Event, Identity};

/// Appends the body of the record of an operation that has ended. `written` is where in `out` the
/// shape of its arguments is already, as [`encode`](super::encode) has told.
pub(crate) fn encode_for_audit(event: &Event, written: Option<Range<usize>>, out: &mut Vec<u8>) {
    let mut json = Writer(out);
    begin(&mut json, event);
    if let Some(arguments) = &event.arguments {
        match (without_values(arguments), written) {
            (Cow::Borrowed(_), Some(written)) => json.0.extend_from_within(written),
            (arguments, _) => parts::arguments(&mut json, &arguments),
        }
    } else if let Some(opaque) = event.opaque {
        parts::opaque(&mut json, opaque);
    }
    json.millis(key!("duration_ms"), event.duration_ns);
    json.text(key!("outcome"), event.outcome.as_str());
    json.key(key!("is_error"));
    json.bool(event.outcome.is_error());
    if let Some(failure) = &event.failure {
        error(&mut json, failure);
        attributes::error(&mut json, event);
    }
    if let Some(result) = &event.result {
        json.count(key!("response_bytes"), result.bytes);
    }
    json.close();
}

/// Appends the body of the record of an operation that begins.
pub(crate) fn encode_begun(event: &Event, out: &mut Vec<u8>) {
    let mut json = Writer(out);
    begin(&mut json, event);
    json.close();
}

/// What is known when an operation begins. Its id comes first: the recovery reads it there. There
/// are no arguments: a wrapper may not know yet which policy of the tool's own they fall under.
fn begin(json: &mut Writer<'_>, event: &Event) {
    json.open();
    json.key(key!("event_id"));
    json.uuid(event.id.0);
    json.hex(key!("trace_id"), &event.trace.trace_id);
    json.text(key!("event_type"), event.event_type.as_str());
    json.text(key!("event_name"), event.name.as_str());
    if !event.method.is_empty() {
        json.text(key!("mcp_method"), event.method);
    }
    json.time(key!("started_at"), event.started.0);
    caller(json, event);
}

fn caller(json: &mut Writer<'_>, event: &Event) {
    attributes::request_id(json, event);
    json.text(key!("transport_type"), event.caller.transport.as_str());
    if let Some(name) = &event.caller.client_name {
        json.text(key!("client_name"), name.as_str());
    }
    if let Some(version) = &event.caller.client_version {
        json.text(key!("client_version"), version.as_str());
    }
    if let Some(session) = event.caller.session {
        json.hash(key!("session"), session.value);
    }
    match &event.caller.identity {
        Some(Identity::Hash(hash)) => json.hash(key!("identity_hash"), *hash),
        Some(Identity::Label(label)) => json.text(key!("identity"), label.as_str()),
        None => {}
    }
}

/// Released values are for observers, who forget; an audit log has shapes and hashes alone.
fn without_values(arguments: &Arguments) -> Cow<'_, Arguments> {
    if arguments.fields.iter().all(|field| field.value.is_none()) {
        return Cow::Borrowed(arguments);
    }
    let mut arguments = arguments.clone();
    arguments.fields.iter_mut().for_each(|field| field.value = None);
    Cow::Owned(arguments)
}
