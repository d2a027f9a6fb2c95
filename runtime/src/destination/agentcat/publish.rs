//! An event as the body of AgentCat's `PublishEventRequest`, read in `agentcat-api` 0.0.3.

use serde_json::{Map, Value, json};

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

/// The body of one request.
pub(super) fn body(event: &Value, project: &str) -> Vec<u8> {
    let attributes = &event["attributes"];
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    put("project_id", json!(project));
    put("event_id", event["event_id"].clone());
    put("event_type", json!(event_type(event)));
    put("session_id", session(attributes));
    put("is_error", event["is_error"].clone());
    put("error", error(event));
    put("resource_name", event["event_name"].clone());
    // Whole milliseconds, as that API has them.
    put("duration", json!(event["duration_ms"].as_f64().map(|millis| millis.round() as i64)));
    put("timestamp", event["started_at"].clone());
    put("user_intent", attributes["intent"]["text"].clone());
    put("parameters", event["request_params"].clone());
    put("response", event["response_content"].clone());
    put("tags", attributes["tags"].clone());
    put("properties", properties(event));
    put("sdk_language", json!("rust"));
    for name in ["server_name", "server_version", "client_name", "client_version"] {
        put(name, event[name].clone());
    }
    Value::Object(body).to_string().into_bytes()
}

fn event_type(event: &Value) -> String {
    let method = event["mcp_method"].as_str().unwrap_or_default();
    match METHODS.contains(&method) {
        true => format!("mcp:{method}"),
        false => "agentcat:custom".to_owned(),
    }
}

/// Its ids of sessions begin with `ses_`.
fn session(attributes: &Value) -> Value {
    attributes["session"]["key"].as_str().map_or(Value::Null, |key| json!(format!("ses_{key}")))
}

/// The closed kind of a failure and its code: no message.
fn error(event: &Value) -> Value {
    match event["is_error"].as_bool() {
        Some(true) => json!({
            "type": event["attributes"]["outcome"],
            "kind": event["error_message"],
            "code": event["error_code"],
        }),
        _ => Value::Null,
    }
}

/// What that API has no member for.
fn properties(event: &Value) -> Value {
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
        properties.insert("argument".to_owned(), json!(text));
    }
    if let Some(own) = attributes["properties"].as_object() {
        properties.extend(own.clone());
    }
    Value::Object(properties)
}
