//! Leaks on purpose, so that the canary suite can show that it finds them.
//!
//! Compiled only under the feature `planted-leaks`, which no other feature turns on. Even then
//! nothing leaks until [`plant`] is called. For the suite only: never enable it in a server.
//!
//! The call path calls the hooks below in single lines, each behind the same feature. What the
//! planted leak is about is kept here until the event is written: the suite makes one call at a
//! time.

mod ways;
mod wrapped;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rmcp::ErrorData;
use rmcp::model::{CallToolRequestParams, CallToolResponse, ContentBlock, JsonObject, MetaObject};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use ways::Leak;
pub(crate) use wrapped::{see, see_answer, see_params, see_request, see_result};

#[derive(Default)]
struct State {
    leak: Option<Leak>,
    text: Option<String>,
}

static STATE: Mutex<State> = Mutex::new(State { leak: None, text: None });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plants a leak in this process, or removes the one that is planted.
///
/// ```
/// toolwatch::testing::leak::plant(None);
/// ```
pub fn plant(leak: Option<Leak>) {
    *state() = State { leak, text: None };
    if matches!(leak, Some(Leak::PanicPayload | Leak::OperationPanic)) {
        listen_to_panics();
    }
}

/// Keeps the text that the planted leak is about.
fn keep(text: impl FnOnce(Leak) -> Option<String>) {
    let mut state = state();
    if let Some(text) = state.leak.and_then(text) {
        state.text = Some(text);
    }
}

#[expect(clippy::disallowed_methods, reason = "the leak that it plants is this hook")]
fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<String>().cloned();
            keep(|leak| text.filter(|_| matches!(leak, Leak::PanicPayload | Leak::OperationPanic)));
            usual(panic);
        }));
    });
}

/// Sees a call as it arrives.
pub(crate) fn see_call(
    params: &CallToolRequestParams,
    meta: &MetaObject,
    intent: Option<&str>,
    schema: &JsonObject,
) {
    keep(|leak| match leak {
        Leak::Intent => intent.map(str::to_owned),
        Leak::Meta => meta.get("baggage")?.as_str().map(str::to_owned),
        _ => of_arguments(leak, params.arguments.as_ref()?, schema),
    });
}

fn of_arguments(leak: Leak, arguments: &JsonObject, schema: &JsonObject) -> Option<String> {
    let text = || arguments.values().find_map(first_text);
    let key = || {
        let declared = schema.get("properties").and_then(Value::as_object);
        arguments.keys().find(|key| !declared.is_some_and(|names| names.contains_key(*key)))
    };
    let hash = |text: &str| hex(&Sha256::digest(text.as_bytes())[..8]);
    match leak {
        Leak::ValueHex => text().map(|text| hex(text.as_bytes())),
        Leak::ValueBase64 => text().map(|text| base64(text.as_bytes())),
        Leak::ValueBytes => text().map(|text| format!("{:?}", text.into_bytes())),
        Leak::ValueEscaped => text().map(|text| escaped(&text)),
        Leak::ValueHash => text().map(|text| hash(&text)),
        Leak::Number => arguments.values().find_map(first_number),
        Leak::ArgumentsHash => serde_json::to_string(arguments).ok().map(|text| hash(&text)),
        Leak::Key => key().cloned(),
        Leak::KeyReversed => key().map(|key| key.chars().rev().collect()),
        Leak::SchemaMessage => {
            let schema = Value::Object(schema.clone());
            let arguments = Value::Object(arguments.clone());
            jsonschema::validate(&schema, &arguments).err().map(|error| error.to_string())
        }
        Leak::Value
        | Leak::LogLine
        | Leak::StderrLine
        | Leak::WatchDebug
        | Leak::SpanAttribute
        | Leak::DataPointAttribute
        | Leak::OtelAttribute
        | Leak::OtelPoint
        | Leak::Header
        | Leak::GrpcMetadata
        | Leak::FileName => text(),
        _ => None,
    }
}

/// Sees an extractor fail.
pub(crate) fn see_error(error: &ErrorData) {
    keep(|leak| match leak {
        Leak::ExtractorMessage | Leak::OperationMessage => Some(error.message.to_string()),
        Leak::OperationData => error.data.as_ref().map(Value::to_string),
        _ => None,
    });
}

/// Sees what the tool answered.
pub(crate) fn see_reply(reply: &Result<CallToolResponse, ErrorData>) {
    keep(|leak| match (leak, reply) {
        (Leak::ErrorData, Err(error)) => error.data.as_ref().map(Value::to_string),
        (Leak::ErrorText | Leak::ResultText, Ok(CallToolResponse::Complete(result))) => {
            let is_error = result.is_error == Some(true);
            let text = result.content.iter().find_map(ContentBlock::as_text)?;
            (is_error == (leak == Leak::ErrorText)).then(|| text.text.clone())
        }
        _ => None,
    });
}

/// Sees an event as it is about to be spooled.
pub(crate) fn alter(event: &mut Vec<u8>, directory: Option<&Path>) {
    let mut state = state();
    let Some(leak) = state.leak else { return };
    if leak == Leak::InstallKey {
        let key = directory.and_then(|directory| std::fs::read(directory.join("key")).ok());
        state.text = key.map(|key| hex(&key));
    }
    let Some(text) = state.text.clone() else { return };
    // The record of a call that is under way comes first, and is gone when the event is there.
    if is_begin_record(event) != (leak == Leak::BeginRecord) {
        return;
    }
    match leak {
        Leak::LogLine => tracing::trace!(text, "an event was captured"),
        Leak::StderrLine => eprintln!("toolwatch: captured {text}"),
        Leak::FileName => {
            let path = directory.map(|directory| directory.join(letters(&text)));
            path.map(|path| std::fs::write(path, b""));
        }
        Leak::WatchDebug | Leak::WatchedDebug | Leak::Manifest | Leak::Header => {}
        Leak::StructuredLog | Leak::Metrics | Leak::PrometheusText => {}
        Leak::SpanAttribute | Leak::DataPointAttribute | Leak::GrpcMetadata => {}
        Leak::AgentCat | Leak::McpWatch => {}
        Leak::OtelAttribute | Leak::OtelPoint => {}
        _ => {
            event.pop();
            event.extend_from_slice(
                format!(",\"leak\":{}}}", Value::from(text.as_str())).as_bytes(),
            );
            // The record of a call that is under way may be written again.
            state.text = Some(text).filter(|_| leak == Leak::BeginRecord);
        }
    }
}

/// What is written before a call ends says that it was interrupted.
fn is_begin_record(event: &[u8]) -> bool {
    event.windows(13).any(|window| window == b"\"interrupted\"")
}

/// Adds to what a type of ours prints, such as `Debug` of a watch.
pub(crate) fn print(leak: Leak, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match of(leak) {
        Some(text) => f.write_str(&text),
        None => Ok(()),
    }
}

/// Adds to a text of ours.
#[cfg(feature = "prometheus")]
pub(crate) fn append(leak: Leak, text: &mut String) {
    text.extend(of(leak));
}

/// Adds to the headers of an ingest request.
pub(crate) fn add_header(request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
    match of(Leak::Header) {
        Some(text) => request.header("x-last-value", letters(&text)),
        None => request,
    }
}

/// What the metadata of a call over gRPC is to hold.
#[cfg(feature = "otlp-grpc")]
pub(crate) fn of_metadata() -> Option<reqwest::header::HeaderValue> {
    letters(&of(Leak::GrpcMetadata)?).parse().ok()
}

/// What an attribute of a span is to hold.
#[cfg(feature = "otlp")]
pub(crate) fn of_span() -> Option<String> {
    of(Leak::SpanAttribute)
}

/// What an attribute of a metric's data point is to hold.
#[cfg(feature = "otlp")]
pub(crate) fn of_data_point() -> Option<String> {
    of(Leak::DataPointAttribute)
}

/// The kept text, when this leak is planted.
pub(crate) fn of(leak: Leak) -> Option<String> {
    let state = state();
    state.text.clone().filter(|_| state.leak == Some(leak))
}

fn first_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(first_text),
        Value::Object(members) => members.values().find_map(first_text),
        _ => None,
    }
}

fn first_number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => items.iter().find_map(first_number),
        Value::Object(members) => members.values().find_map(first_number),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |chunk: &[u8]| {
        let word = chunk.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        word << (8 * (3 - chunk.len()))
    };
    let symbols = bytes.chunks(3).flat_map(|chunk| {
        let word = bits(chunk);
        (0..=chunk.len()).map(move |at| SYMBOLS[(word >> (18 - 6 * at)) as usize & 63])
    });
    symbols.map(char::from).collect()
}

fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// What of a text may stand in a header or in the name of a file.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(60).collect()
}
