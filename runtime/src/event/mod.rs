//! One record of one operation, which cannot hold user text.
//!
//! The dictionary of every field, with its type, unit and the source of its name, is
//! `docs/spec/event.md`. Nothing here knows rmcp, files or the network: capture fills an event in,
//! it is encoded once, and every reader gets the same event.

mod detail;
mod encode;
mod error_type;
mod extra;
mod id;
mod label;
mod name;
mod operation;
mod outcome;
pub(crate) mod process;
mod recycle;
mod sealed;
mod side;

pub use id::{EventId, Timestamp};
pub use label::{Intent, Label};
pub use name::Name;
#[cfg(feature = "prometheus")]
pub(crate) use name::visible;
pub use operation::EventType;
pub use outcome::{
    Confidence, ErrorKind, HttpVersion, JsonKind, Outcome, SessionSource, Side, Transport,
};

pub(crate) use detail::{
    CompletionShape, Detail, Listing, Opaque, ResourceAccess, SessionEnd, Subscription, Surface,
    ToolDigest,
};
#[cfg(feature = "audit")]
pub(crate) use encode::audit::{encode_begun, encode_for_audit};
#[cfg(any(test, fuzzing))]
pub(crate) use encode::encode_arguments;
#[cfg(feature = "audit")]
pub(crate) use encode::json::append_hex;
pub(crate) use encode::json::hex_text;
#[cfg(feature = "audit")]
pub(crate) use encode::json::natural as write_natural;
#[cfg(feature = "log")]
pub(crate) use encode::line::{encode_line, error_of, printable};
#[cfg(feature = "otel")]
pub(crate) use encode::out::{Key, Out};
#[cfg(all(test, feature = "audit"))]
pub(crate) use encode::tests as encode_tests;
#[cfg(any(feature = "audit", feature = "log"))]
pub(crate) use encode::time::text as time_text;
#[cfg(feature = "otel")]
pub(crate) use encode::write;
pub(crate) use encode::{Common, encode};
pub(crate) use extra::{
    Identity, KEY_RULE, MAX_TAGS, Property, RequestKey, TOO_MANY, Tag, TagValue, VALUE_RULE,
    is_key, is_tool_name, tags,
};
pub(crate) use id::unique;
pub(crate) use recycle::{recycle, reused, reused_fields};

use crate::shape::Exposed;
use sealed::{closed, sealed_struct};

closed!(
    EventType,
    JsonKind,
    Outcome,
    ErrorKind,
    Transport,
    SessionSource,
    HttpVersion,
    Confidence,
    Side,
    Exposed
);

sealed_struct! {
    /// One operation of an MCP server, as toolwatch saw it.
    #[derive(Clone, Debug)]
    pub(crate) struct Event {
        id: EventId,
        event_type: EventType,
        /// The name of what was asked for, as the author registered it: a tool, a prompt, a template.
        name: Name,
        /// The JSON-RPC method, such as `tools/call`; empty for an event of the author's own.
        method: &'static str,
        /// The tags of the attribute.
        tags: &'static [(&'static str, &'static str)],
        /// Tags that were set at run time.
        more_tags: Vec<Tag>,
        properties: Vec<Property>,
        request_id: Option<RequestKey>,
        /// Whether the request carries on one that asked for input.
        is_continuation: bool,
        started: Timestamp,
        /// From the end of capture to the end of the handler, in nanoseconds of the monotonic clock.
        duration_ns: u64,
        /// The part of it before the handler's first poll, in nanoseconds.
        queue_ns: u64,
        trace: Trace,
        outcome: Outcome,
        caller: Caller,
        arguments: Option<Arguments>,
        result: Option<ResultShape>,
        failure: Option<Failure>,
        intent: Option<IntentRecord>,
        signals: Signals,
        /// Parameters that have no declared shape.
        opaque: Option<Opaque>,
        detail: Option<Box<Detail>>,
        /// How many events this one stands for: 1 / sampling rate.
        weight: f64,
    }
}

sealed_struct! {
    /// W3C trace context of an event.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Trace {
        trace_id: [u8; 16],
        span_id: [u8; 8],
        parent_span_id: Option<[u8; 8]>,
        /// The sampled flag: what the caller says of its trace, `true` for a trace of our own.
        is_sampled: bool,
        /// A context that the request came in beside its parent.
        link: Option<Link>,
    }
}

sealed_struct! {
    /// A span of somebody else that has to do with an event and is not its parent.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Link {
        trace_id: [u8; 16],
        span_id: [u8; 8],
        is_sampled: bool,
    }
}

sealed_struct! {
    /// Who called and over what, as far as this request tells.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Caller {
        client_name: Option<Label>,
        client_version: Option<Label>,
        protocol_version: Option<Label>,
        transport: Transport,
        /// `None` when it did not come over HTTP.
        http_version: Option<HttpVersion>,
        session: Option<SessionKey>,
        identity: Option<Identity>,
    }
}

sealed_struct! {
    /// What groups the calls of one session: a keyed hash, and what it was made from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct SessionKey {
        value: u64,
        source: SessionSource,
        confidence: Confidence,
    }
}

sealed_struct! {
    /// Signs of a model that is stuck.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Signals {
        /// Which failure in a row of this tool with this fingerprint and with other arguments than
        /// the one before this is: 1 for the first, 0 for a call that did not fail.
        error_run: u32,
        /// How many calls in a row alternate between this call and one other; 0 below 4.
        ping_pong: u32,
        /// Whether a threshold is passed: the model is in a loop.
        is_loop: bool,
    }
}

sealed_struct! {
    /// The shape of a call's arguments. Sizes exclude the injected intent parameter.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Arguments {
        /// Bytes of the arguments as compact JSON.
        bytes: u64,
        /// Keys at the top level.
        keys: u32,
        /// Keys, at any declared level, that the schema does not declare.
        unknown_keys: u32,
        /// Declared, required and absent; at most 16.
        missing: Vec<Name>,
        /// At most 64.
        fields: Vec<FieldShape>,
        /// Fields over a bound of count, depth or size, which were dropped.
        fields_dropped: u32,
        schema_valid: Option<bool>,
        schema_fault: Option<SchemaFault>,
        /// Keyed hash of the canonical form of all arguments but volatile ones.
        hash: Option<u64>,
        /// Which call in a row of this tool with this hash this is in its session: 1 for the first.
        repeat_run: u32,
        /// How many of the session's last 32 calls had this tool and hash, this one included.
        repeat_window: u32,
    }
}

sealed_struct! {
    /// The shape of one field.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct FieldShape {
        path: Name,
        kind: JsonKind,
        /// Characters of a string, items of an array, keys of an object.
        len: Option<u64>,
        hash: Option<u64>,
        value: Option<Exposed>,
    }
}

sealed_struct! {
    /// The first way in which arguments do not fit the schema.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct SchemaFault {
        /// The JSON Schema keyword, such as `type` or `required`.
        keyword: &'static str,
        /// The path through declared names; other segments are `*`.
        path: Name,
    }
}

sealed_struct! {
    /// The shape of a result.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ResultShape {
        /// Bytes of the result as compact JSON.
        bytes: u64,
        /// Content blocks by kind: text, image, audio, resource, resource link.
        blocks: [u32; 5],
        /// Characters of all text blocks.
        text_chars: u64,
        structured_kind: Option<JsonKind>,
        /// Items or keys of the structured content at its top level.
        structured_len: Option<u64>,
    }
}

sealed_struct! {
    /// What is known of a failure without its text.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Failure {
        kind: ErrorKind,
        /// The Rust type of the error, when the handler returned one.
        type_name: Option<&'static str>,
        /// The JSON-RPC error code.
        code: Option<i32>,
        /// Errors in the chain of sources, the error itself included; at most 10.
        chain_len: u32,
        /// Keyed hash that is equal for the same fault with other values. Local to this install.
        fingerprint: Option<u64>,
        /// Whose fault it is, when the author or the protocol tells.
        side: Option<Side>,
    }
}

sealed_struct! {
    /// The intent at the level that was configured for it.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct IntentRecord {
        text: Option<Intent>,
        hash: Option<u64>,
        chars: Option<u64>,
    }
}
