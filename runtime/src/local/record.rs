//! One event as it was written, in the words of the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Outcome;

/// One event of the local record.
///
/// Members that this version does not know are ignored, and members that are absent are `None` or
/// empty: a newer or older server's record can be read.
///
/// ```
/// let record: toolwatch::local::Record = serde_json::from_str(r#"{"event_name": "search"}"#)?;
/// assert_eq!(record.event_name, "search");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Record {
    /// The event's UUIDv7.
    pub event_id: String,
    /// W3C trace id, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// W3C span id, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// The span id of the caller, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The kind of operation, such as `tool_call`.
    pub event_type: String,
    /// The tool's name, or the name of what else was asked for.
    pub event_name: String,
    /// When it began, as RFC 3339.
    pub started_at: String,
    /// When it ended, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
    /// The JSON-RPC method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_method: Option<String>,
    /// The protocol's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp_protocol_version: Option<String>,
    /// The shape of the arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_params: Option<RequestShape>,
    /// The shape of the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_content: Option<ResponseShape>,
    /// Whether the call failed.
    pub is_error: bool,
    /// The JSON-RPC error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<Value>,
    /// The kind of the error; never its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The transport, such as `stdio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_type: Option<String>,
    /// The client's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The client's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_version: Option<String>,
    /// Everything that the MCPWatch schema has no member for.
    pub attributes: Attributes,
    /// The server's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// The id of the server's run, a UUIDv7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_instance: Option<String>,
    /// The name of the library that wrote the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk_name: Option<String>,
    /// The version of that library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk_version: Option<String>,
}

/// The shape of a call's arguments.
///
/// ```
/// assert_eq!(toolwatch::local::RequestShape::default().repeat_run, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RequestShape {
    /// Bytes as compact JSON.
    pub bytes: u64,
    /// Keys at the top level.
    pub keys: u64,
    /// Keys that the schema does not declare.
    pub unknown_keys: u64,
    /// Required and absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The shapes of the fields, as they were written.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub fields: Value,
    /// Whether the arguments fit the schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_valid: Option<bool>,
    /// The first way in which they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_error: Option<SchemaError>,
    /// Keyed hash of the arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Which call in a row with this hash this is; 1 for the first.
    #[serde(default = "first")]
    pub repeat_run: u64,
    /// How many of the session's last calls had this hash.
    #[serde(default = "first")]
    pub repeat_window: u64,
}

/// The writer leaves a count out when the call is the first of its kind.
const fn first() -> u64 {
    1
}

/// The first way in which arguments do not fit the schema.
///
/// ```
/// assert!(toolwatch::local::SchemaError::default().keyword.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SchemaError {
    /// The JSON Schema keyword.
    pub keyword: String,
    /// The path through declared names.
    pub path: String,
}

/// The shape of a result.
///
/// ```
/// assert_eq!(toolwatch::local::ResponseShape::default().bytes, 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResponseShape {
    /// Bytes as compact JSON.
    pub bytes: u64,
    /// An estimate of what it costs the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_estimate: Option<u64>,
    /// Content blocks, as they were written.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub blocks: Value,
    /// Characters of all text blocks.
    pub text_chars: u64,
    /// The structured content's shape, as it was written.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub structured: Value,
}

/// Everything that the MCPWatch schema has no member for.
///
/// ```
/// assert!(toolwatch::local::Attributes::default().outcome.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Attributes {
    /// How the call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why the model called, when the author asked for it: a text, or its shape.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub intent: Value,
    /// The author's tags.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub tags: Value,
    /// The properties of an event of the author's own.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub properties: Value,
    /// The session, as it was written.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub session: Value,
    /// Signs of a model that is stuck, as they were written.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub signals: Value,
    /// How many events this one stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

impl Record {
    /// The intent's text, when there is one.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        let intent = &self.attributes.intent;
        intent.as_str().or_else(|| intent.get("text")?.as_str())
    }

    /// How the call ended; `None` for an outcome that this version does not know.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.attributes.outcome.as_deref().and_then(Outcome::parse)
    }

    /// Whether the arguments did not fit the tool.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        let request = self.request_params.as_ref();
        self.attributes.outcome.as_deref() == Some("invalid_arguments")
            || request.and_then(|request| request.schema_valid) == Some(false)
    }

    /// Whether the arguments had keys that the tool does not declare.
    #[must_use]
    pub fn has_unknown_keys(&self) -> bool {
        self.request_params.as_ref().is_some_and(|request| request.unknown_keys > 0)
    }

    /// The key of the session; `None` when the request told none.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.attributes.session.get("key")?.as_str()
    }

    /// Whether the failure is the caller's fault, as the author or the protocol says.
    #[must_use]
    pub fn is_callers_fault(&self) -> bool {
        let error = self.attributes.others.get("error");
        error.and_then(|error| error.get("fault")).and_then(Value::as_str) == Some("caller")
    }

    /// The client's name and version; `_unknown` when it told none.
    #[must_use]
    pub fn client(&self) -> String {
        match (&self.client_name, &self.client_version) {
            (Some(name), Some(version)) => format!("{name} {version}"),
            (Some(name), None) => name.clone(),
            (None, _) => "_unknown".to_owned(),
        }
    }

    /// Whether the same call came right before this one.
    #[must_use]
    pub fn is_repeat(&self) -> bool {
        self.request_params.as_ref().is_some_and(|request| request.repeat_run > 1)
    }

    /// Whether the call passed one of the server's [`LoopThresholds`](crate::LoopThresholds).
    ///
    /// ```
    /// let written = r#"{"is_error": true, "attributes": {"signals": {"error_run": 3, "loop": true}}}"#;
    /// let record: toolwatch::local::Record = serde_json::from_str(written)?;
    /// assert_eq!((record.is_loop(), record.error_run(), record.ping_pong()), (true, 3, 0));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn is_loop(&self) -> bool {
        self.attributes.signals["loop"] == true
    }

    /// Which failure in a row this is, of the same tool with the same error and varied arguments;
    /// 1 for the first, 0 for a call that did not fail.
    #[must_use]
    pub fn error_run(&self) -> u64 {
        self.attributes.signals["error_run"].as_u64().unwrap_or_else(|| self.is_error.into())
    }

    /// How many calls in a row alternate between this one and one other, from 4 on; else 0.
    #[must_use]
    pub fn ping_pong(&self) -> u64 {
        self.attributes.signals["ping_pong"].as_u64().unwrap_or(0)
    }
}
