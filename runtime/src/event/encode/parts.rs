//! The nested members of an event.

use crate::event::encode::json::{Key, Writer, key};
use crate::event::{Arguments, Event, FieldShape, IntentRecord, ResultShape, SchemaFault};
use crate::shape::Inner;

/// The names of the kinds of content blocks, in the order of [`ResultShape`]'s counts.
const BLOCKS: [Key; 5] =
    [key!("text"), key!("image"), key!("audio"), key!("resource"), key!("resource_link")];

pub(super) fn arguments(json: &mut Writer<'_>, arguments: &Arguments) {
    json.key(key!("request_params"));
    json.open();
    json.count(key!("bytes"), arguments.bytes);
    json.count(key!("keys"), arguments.keys.into());
    json.count_unless(0, key!("unknown_keys"), arguments.unknown_keys.into());
    if !arguments.missing.is_empty() {
        json.key(key!("missing"));
        json.0.push(b'[');
        for name in &arguments.missing {
            json.comma();
            json.string(name.as_str());
        }
        json.0.push(b']');
    }
    if !arguments.fields.is_empty() {
        json.key(key!("fields"));
        json.open();
        arguments.fields.iter().for_each(|shape| field(json, shape));
        json.close();
    }
    json.count_unless(0, key!("fields_dropped"), arguments.fields_dropped.into());
    if let Some(valid) = arguments.schema_valid {
        json.key(key!("schema_valid"));
        json.bool(valid);
    }
    if let Some(fault) = &arguments.schema_fault {
        schema_error(json, fault);
    }
    if let Some(hash) = arguments.hash {
        json.hash(key!("hash"), hash);
    }
    repeats(json, arguments);
    json.close();
}

/// A call that was not compared has zeros, and a first call has ones: both are the default.
fn repeats(json: &mut Writer<'_>, arguments: &Arguments) {
    json.count_unless(1, key!("repeat_run"), arguments.repeat_run.max(1).into());
    json.count_unless(1, key!("repeat_window"), arguments.repeat_window.max(1).into());
}

fn field(json: &mut Writer<'_>, field: &FieldShape) {
    json.foreign_key(field.path.as_str());
    json.open();
    json.text(key!("type"), field.kind.as_str());
    if let Some(len) = field.len {
        json.count(key!("len"), len);
    }
    if let Some(hash) = field.hash {
        json.hash(key!("hash"), hash);
    }
    if let Some(value) = field.value {
        json.key(key!("value"));
        match value.0 {
            Inner::Bool(value) => json.bool(value),
            Inner::Int(value) => json.integer(value),
            Inner::Name(value) => json.string(value),
        }
    }
    json.close();
}

fn schema_error(json: &mut Writer<'_>, fault: &SchemaFault) {
    json.key(key!("schema_error"));
    json.open();
    json.text(key!("keyword"), fault.keyword);
    if !fault.path.as_str().is_empty() {
        json.text(key!("path"), fault.path.as_str());
    }
    json.close();
}

pub(super) fn result(json: &mut Writer<'_>, result: &ResultShape) {
    json.key(key!("response_content"));
    json.open();
    json.count(key!("bytes"), result.bytes);
    json.count(key!("token_estimate"), tokens(result.bytes));
    if result.blocks != [0; 5] {
        json.key(key!("blocks"));
        json.open();
        for (name, count) in BLOCKS.into_iter().zip(result.blocks) {
            json.count_unless(0, name, count.into());
        }
        json.close();
    }
    json.count_unless(0, key!("text_chars"), result.text_chars);
    if let Some(kind) = result.structured_kind {
        json.key(key!("structured"));
        json.open();
        json.text(key!("type"), kind.as_str());
        if let Some(len) = result.structured_len {
            json.count(key!("len"), len);
        }
        json.close();
    }
    json.close();
}

/// JSON has about 3.5 bytes per token; rounded up.
const fn tokens(bytes: u64) -> u64 {
    bytes.saturating_mul(2).div_ceil(7)
}

pub(super) fn attributes(json: &mut Writer<'_>, event: &Event) {
    json.key(key!("attributes"));
    json.open();
    json.text(key!("outcome"), event.outcome.as_str());
    error(json, event);
    if let Some(intent) = &event.intent {
        intent_record(json, intent);
    }
    if !event.tags.is_empty() {
        json.key(key!("tags"));
        json.open();
        for (key, value) in event.tags {
            json.foreign_key(key);
            json.string(value);
        }
        json.close();
    }
    json.count_unless(0, key!("queue_ns"), event.queue_ns);
    if let Some(session) = event.caller.session {
        json.key(key!("session"));
        json.open();
        json.hash(key!("key"), session.value);
        json.text(key!("source"), session.source.as_str());
        json.close();
    }
    weight(json, event.weight);
    json.close();
}

fn error(json: &mut Writer<'_>, event: &Event) {
    let Some(failure) = &event.failure else { return };
    if failure.type_name.is_none() && failure.fingerprint.is_none() {
        return;
    }
    json.key(key!("error"));
    json.open();
    if let Some(type_name) = failure.type_name {
        json.text(key!("type"), type_name);
        json.count(key!("chain"), failure.chain_len.into());
    }
    if let Some(fingerprint) = failure.fingerprint {
        json.hash(key!("fingerprint"), fingerprint);
    }
    json.close();
}

fn intent_record(json: &mut Writer<'_>, intent: &IntentRecord) {
    json.key(key!("intent"));
    json.open();
    if let Some(text) = &intent.text {
        json.text(key!("text"), text.as_str());
    }
    if let Some(hash) = intent.hash {
        json.hash(key!("hash"), hash);
    }
    if let Some(chars) = intent.chars {
        json.count(key!("chars"), chars);
    }
    json.close();
}

/// An event that stands for itself alone has no weight written.
fn weight(json: &mut Writer<'_>, weight: f64) {
    use std::io::Write as _;
    if weight != 1.0 && weight.is_finite() {
        json.key(key!("weight"));
        let _ = write!(json.0, "{weight}");
    }
}
