//! The shapes of arguments and results.

use crate::event::encode::json::{Key, Writer, key};
use crate::event::{Arguments, FieldShape, Opaque, ResultShape, SchemaFault};
use crate::shape::{Exposed, Inner};

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
        exposed(json, value);
    }
    json.close();
}

pub(super) fn exposed(json: &mut Writer<'_>, value: Exposed) {
    match value.0 {
        Inner::Bool(value) => json.bool(value),
        Inner::Int(value) => json.integer(value),
        Inner::Name(value) => json.string(value),
    }
}

/// Parameters of which no more than the kind and the size is known.
pub(super) fn opaque(json: &mut Writer<'_>, opaque: Opaque) {
    json.key(key!("request_params"));
    json.open();
    json.text(key!("type"), opaque.kind.as_str());
    json.count(key!("bytes"), opaque.bytes);
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
