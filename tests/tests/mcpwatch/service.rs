//! A service that reads MCPWatch's events as strictly as it can: a member too many, one too few or one
//! of another type is an error. The types are those of `mcpwatch-sdk-python`, `types.py`.
#![allow(dead_code, reason = "that members are there and of these types is what is looked at")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use toolwatch::testing::{Received, Receiver, Reply};

/// `EventType` of `types.py`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    ToolCall,
    ResourceRead,
    PromptGet,
    Initialize,
    Close,
    Notification,
    Error,
}

/// `McpWatchEvent` of `types.py`, where the Python client sends every member of every event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McpWatchEvent {
    pub event_id: String,
    pub trace_id: String,
    pub span_id: String,
    #[serde(deserialize_with = "there")]
    pub parent_span_id: Option<String>,
    pub event_type: EventType,
    pub event_name: String,
    pub started_at: String,
    #[serde(deserialize_with = "there")]
    pub ended_at: Option<String>,
    pub duration_ms: f64,
    pub mcp_method: String,
    pub mcp_protocol_version: String,
    pub request_params: Map<String, Value>,
    pub response_content: Map<String, Value>,
    pub is_error: bool,
    #[serde(deserialize_with = "there")]
    pub error_code: Option<i64>,
    #[serde(deserialize_with = "there")]
    pub error_message: Option<String>,
    pub transport_type: String,
    pub server_name: String,
    pub server_version: String,
    pub client_name: String,
    pub client_version: String,
    pub attributes: BTreeMap<String, String>,
    pub sdk_name: String,
    pub sdk_version: String,
}

/// An option that may be `null` and must not be missing.
fn there<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// `SdkInfo` of `types.py`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkInfo {
    pub name: String,
    pub version: String,
    pub runtime: String,
    pub runtime_version: String,
}

/// `IngestRequest` of `types.py`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestRequest {
    pub batch: Vec<McpWatchEvent>,
    pub sdk: SdkInfo,
}

/// Reads a request as the service does, and says what is wrong with it.
pub fn read(request: &Received) -> Result<IngestRequest, String> {
    if request.line() != "POST /v1/events HTTP/1.1" {
        return Err(request.line().to_owned());
    }
    for (name, expect) in [("content-type", "application/json"), ("authorization", "Bearer mw_key")]
    {
        if request.header(name) != Some(expect) {
            return Err(format!("{name}: {:?}", request.header(name)));
        }
    }
    if let Some(encoding) = request.header("content-encoding") {
        return Err(format!("its client compresses nothing: {encoding}"));
    }
    serde_json::from_slice(&request.body()).map_err(|error| error.to_string())
}

/// Takes what it can read and refuses the rest for good.
pub fn service() -> Receiver {
    let receiver = Receiver::start().expect("a receiver");
    receiver.decide(|request| match read(request) {
        Ok(of) => Reply::status(202)
            .body(json!({ "accepted": of.batch.len(), "rejected": 0, "quota": null }).to_string()),
        Err(_) => Reply::status(422),
    });
    receiver
}
