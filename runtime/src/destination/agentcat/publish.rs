//! An event as the body of AgentCat's `PublishEventRequest`, read in `agentcat-api` 0.0.3.

use serde::Serialize;
use serde_json::{Map, Value};

/// The methods that its API knows as event types, behind `mcp:`. All else is `agentcat:custom`.
const METHODS: [&str; 16] = [
    "ping",
    "initialize",
    "completion/complete",
    "logging/setLevel",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "tools/call",
    "tools/list",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
];

/// The body of one request, for the most part as views of the event: it is made for each event.
#[derive(Serialize)]
struct Body<'a> {
    project_id: &'a str,
    event_id: Member<'a>,
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_error: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Member<'a>,
    /// Whole milliseconds, as that API has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_intent: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Member<'a>,
    properties: Map<String, Value>,
    sdk_language: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_name: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_version: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Member<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_version: Member<'a>,
}

/// A part of an event; none where it has none.
type Member<'a> = Option<&'a Value>;

/// The closed kind of a failure and its code: no message.
#[derive(Serialize)]
struct Failure<'a> {
    r#type: Member<'a>,
    kind: Member<'a>,
    code: Member<'a>,
}

/// The body of one request.
///
/// # Errors
/// None that a value can have: its keys are texts.
pub(super) fn body(event: &Value, project: &str) -> serde_json::Result<Vec<u8>> {
    let attributes = &event["attributes"];
    serde_json::to_vec(&Body {
        project_id: project,
        event_id: member(event, "event_id"),
        event_type: event_type(event),
        session_id: session(attributes),
        is_error: member(event, "is_error"),
        error: error(event),
        resource_name: member(event, "event_name"),
        duration: event["duration_ms"].as_f64().map(|millis| millis.round() as i64),
        timestamp: member(event, "started_at"),
        user_intent: member(&attributes["intent"], "text"),
        parameters: member(event, "request_params"),
        response: member(event, "response_content"),
        tags: member(attributes, "tags"),
        properties: properties(event),
        sdk_language: "rust",
        server_name: member(event, "server_name"),
        server_version: member(event, "server_version"),
        client_name: member(event, "client_name"),
        client_version: member(event, "client_version"),
    })
}

fn member<'a>(of: &'a Value, name: &str) -> Member<'a> {
    of.get(name).filter(|value| !value.is_null())
}

fn event_type(event: &Value) -> String {
    let method = event["mcp_method"].as_str().unwrap_or_default();
    match METHODS.contains(&method) {
        true => format!("mcp:{method}"),
        false => "agentcat:custom".to_owned(),
    }
}

/// Its ids of sessions begin with `ses_`.
fn session(attributes: &Value) -> Option<String> {
    attributes["session"]["key"].as_str().map(|key| format!("ses_{key}"))
}

fn error(event: &Value) -> Option<Failure<'_>> {
    let is_error = event["is_error"].as_bool() == Some(true);
    is_error.then(|| Failure {
        r#type: member(&event["attributes"], "outcome"),
        kind: member(event, "error_message"),
        code: member(event, "error_code"),
    })
}

/// What that API has no member for.
fn properties(event: &Value) -> Map<String, Value> {
    let attributes = &event["attributes"];
    let mut properties = Map::new();
    for name in ["outcome", "signals", "resource", "weight"] {
        if !attributes[name].is_null() {
            properties.insert(name.to_owned(), attributes[name].clone());
        }
    }
    for name in ["event_type", "mcp_method", "trace_id", "span_id", "transport_type"] {
        if !event[name].is_null() {
            properties.insert(name.to_owned(), event[name].clone());
        }
    }
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::AgentCat) {
        properties.insert("argument".to_owned(), Value::from(text));
    }
    if let Some(own) = attributes["properties"].as_object() {
        properties.extend(own.clone());
    }
    properties
}
