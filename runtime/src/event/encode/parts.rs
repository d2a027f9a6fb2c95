//! The shapes of arguments and results.

use crate::event::encode::out::{Key, Out, key};
use crate::event::{Arguments, FieldShape, Opaque, ResultShape, SchemaFault};
use crate::shape::{Exposed, Inner};

/// The names of the kinds of content blocks, in the order of [`ResultShape`]'s counts.
const BLOCKS: [Key; 5] =
    [key!("text"), key!("image"), key!("audio"), key!("resource"), key!("resource_link")];

pub(super) fn arguments<'e>(out: &mut impl Out<'e>, arguments: &'e Arguments) {
    out.key(key!("request_params"));
    out.open();
    out.count(key!("bytes"), arguments.bytes);
    out.count(key!("keys"), arguments.keys.into());
    out.count_unless(0, key!("unknown_keys"), arguments.unknown_keys.into());
    if !arguments.missing.is_empty() {
        out.key(key!("missing"));
        out.open_list();
        arguments.missing.iter().for_each(|name| out.item(name.as_str()));
        out.close_list();
    }
    if !arguments.fields.is_empty() {
        out.key(key!("fields"));
        out.open();
        arguments.fields.iter().for_each(|shape| field(out, shape));
        out.close();
    }
    out.count_unless(0, key!("fields_dropped"), arguments.fields_dropped.into());
    if let Some(valid) = arguments.schema_valid {
        out.key(key!("schema_valid"));
        out.bool(valid);
    }
    if let Some(fault) = &arguments.schema_fault {
        schema_error(out, fault);
    }
    if let Some(hash) = arguments.hash {
        out.hash(key!("hash"), hash);
    }
    repeats(out, arguments);
    out.close();
}

/// A call that was not compared has zeros, and a first call has ones: both are the default.
fn repeats<'e>(out: &mut impl Out<'e>, arguments: &'e Arguments) {
    out.count_unless(1, key!("repeat_run"), arguments.repeat_run.max(1).into());
    out.count_unless(1, key!("repeat_window"), arguments.repeat_window.max(1).into());
}

fn field<'e>(out: &mut impl Out<'e>, field: &'e FieldShape) {
    out.foreign_key(field.path.as_str());
    out.open();
    out.text(key!("type"), field.kind.as_str());
    if let Some(len) = field.len {
        out.count(key!("len"), len);
    }
    if let Some(hash) = field.hash {
        out.hash(key!("hash"), hash);
    }
    if let Some(value) = field.value {
        out.key(key!("value"));
        exposed(out, value);
    }
    out.close();
}

pub(super) fn exposed<'e>(out: &mut impl Out<'e>, value: Exposed) {
    match value.0 {
        Inner::Bool(value) => out.bool(value),
        Inner::Int(value) => out.integer(value),
        Inner::Name(value) => out.string(value),
    }
}

/// Parameters of which no more than the kind and the size is known.
pub(super) fn opaque<'e>(out: &mut impl Out<'e>, opaque: Opaque) {
    out.key(key!("request_params"));
    out.open();
    out.text(key!("type"), opaque.kind.as_str());
    out.count(key!("bytes"), opaque.bytes);
    out.close();
}

fn schema_error<'e>(out: &mut impl Out<'e>, fault: &'e SchemaFault) {
    out.key(key!("schema_error"));
    out.open();
    out.text(key!("keyword"), fault.keyword);
    if !fault.path.as_str().is_empty() {
        out.text(key!("path"), fault.path.as_str());
    }
    out.close();
}

pub(super) fn result<'e>(out: &mut impl Out<'e>, result: &'e ResultShape) {
    out.key(key!("response_content"));
    out.open();
    out.count(key!("bytes"), result.bytes);
    out.count(key!("token_estimate"), tokens(result.bytes));
    if result.blocks != [0; 5] {
        out.key(key!("blocks"));
        out.open();
        for (name, count) in BLOCKS.into_iter().zip(result.blocks) {
            out.count_unless(0, name, count.into());
        }
        out.close();
    }
    out.count_unless(0, key!("text_chars"), result.text_chars);
    if let Some(kind) = result.structured_kind {
        out.key(key!("structured"));
        out.open();
        out.text(key!("type"), kind.as_str());
        if let Some(len) = result.structured_len {
            out.count(key!("len"), len);
        }
        out.close();
    }
    out.close();
}

/// JSON has about 3.5 bytes per token; rounded up.
const fn tokens(bytes: u64) -> u64 {
    bytes.saturating_mul(2).div_ceil(7)
}
