//! Batches in the form of MCPWatch's own client, and the quota as its service tells it.
//!
//! The form is that of `mcpwatch-sdk-python` (`types.py` and `client.py`, commit a5aeb42): a batch is
//! `{"batch": [...], "sdk": {...}}`, an event has 24 members, `attributes` are texts, and the
//! `event_type` is one of seven.

use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::{Quota, SendError, reply};

/// The kinds of events that MCPWatch knows.
const KINDS: [&str; 7] =
    ["tool_call", "resource_read", "prompt_get", "initialize", "close", "notification", "error"];
/// The transports that it knows.
const TRANSPORTS: [&str; 5] = ["stdio", "sse", "streamable-http", "websocket", "unknown"];
/// Members that are there in any case, with what stands for nothing.
const TEXTS: [&str; 11] = [
    "event_id",
    "trace_id",
    "span_id",
    "event_name",
    "started_at",
    "mcp_protocol_version",
    "server_name",
    "server_version",
    "client_name",
    "client_version",
    "sdk_version",
];
/// The same, but `null` stands for nothing.
const NULLS: [&str; 4] = ["parent_span_id", "ended_at", "error_code", "error_message"];
const OBJECTS: [&str; 2] = ["request_params", "response_content"];

/// The body of a batch.
///
/// # Errors
/// Fails when an event is no JSON object.
pub(super) fn body(events: impl Iterator<Item = Value>) -> Result<Vec<u8>, SendError> {
    let events = events.map(|event| match event {
        Value::Object(event) => Ok(Value::Object(conform(event))),
        _ => Err(SendError::encode()),
    });
    let batch: Vec<Value> = events.collect::<Result<_, _>>()?;
    let sdk = json!({
        "name": "toolwatch",
        "version": env!("CARGO_PKG_VERSION"),
        "runtime": "rust",
        // Which compiler it was is not known at run time.
        "runtime_version": "",
    });
    Ok(json!({ "batch": batch, "sdk": sdk }).to_string().into_bytes())
}

/// An event with MCPWatch's members alone. One that has them already stays as it is.
fn conform(mut event: Map<String, Value>) -> Map<String, Value> {
    let mut known = Map::new();
    let mut attributes = Map::new();
    flatten("", event.remove("attributes").unwrap_or_default(), &mut attributes);
    let mut put = |name: &str, value: Value| known.insert(name.to_owned(), value);
    for name in TEXTS {
        put(name, take(&mut event, name, Value::is_string).unwrap_or_else(|| json!("")));
    }
    for name in NULLS {
        put(name, event.remove(name).unwrap_or_default());
    }
    for name in OBJECTS {
        put(name, take(&mut event, name, Value::is_object).unwrap_or_else(|| json!({})));
    }
    let duration = take(&mut event, "duration_ms", Value::is_number);
    put("duration_ms", duration.unwrap_or_else(|| json!(0.0)));
    let sdk = take(&mut event, "sdk_name", Value::is_string);
    put("sdk_name", sdk.unwrap_or_else(|| json!("toolwatch")));
    let is_error = event.remove("is_error").and_then(|of| of.as_bool()).unwrap_or(false);
    put("is_error", json!(is_error));
    let kind = text(&mut event, "event_type").unwrap_or_else(|| "custom".to_owned());
    let method = text(&mut event, "mcp_method").unwrap_or_else(|| kind.clone());
    put("mcp_method", json!(method));
    put("event_type", json!(kind_of(&kind, is_error)));
    if !KINDS.contains(&kind.as_str()) {
        attributes.insert("event_type".to_owned(), json!(kind));
    }
    let transport = text(&mut event, "transport_type").unwrap_or_default();
    let is_known = TRANSPORTS.contains(&transport.as_str());
    put("transport_type", json!(if is_known { transport.as_str() } else { "unknown" }));
    flatten("", Value::Object(event), &mut attributes);
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::McpWatch) {
        attributes.insert("argument".to_owned(), json!(text));
    }
    put("attributes", Value::Object(attributes));
    known
}

/// MCPWatch has no kinds for lists, completions, events of the author's own and the like: these are
/// notifications, or errors when they failed, and an attribute tells which they were.
fn kind_of(kind: &str, is_error: bool) -> &str {
    match kind {
        "missing_tool" => "tool_call",
        _ if KINDS.contains(&kind) => kind,
        _ if is_error => "error",
        _ => "notification",
    }
}

fn take(
    event: &mut Map<String, Value>,
    name: &str,
    fits: impl Fn(&Value) -> bool,
) -> Option<Value> {
    event.remove(name).filter(fits)
}

fn text(event: &mut Map<String, Value>, name: &str) -> Option<String> {
    Some(event.remove(name)?.as_str()?.to_owned())
}

/// Writes a value under its path, with dots between the names: all attributes are texts.
fn flatten(path: &str, value: Value, into: &mut Map<String, Value>) {
    let text = match value {
        Value::Null => return,
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                flatten(&path, value, into);
            }
            return;
        }
        Value::String(text) => text,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    };
    into.insert(path.to_owned(), Value::String(text));
}

/// The quota that the headers of a reply tell.
pub(super) fn quota(headers: &HeaderMap) -> Option<Quota> {
    let text = |name: &str| headers.get(format!("x-mcpwatch-quota-{name}"))?.to_str().ok();
    reply::quota_of_texts(text("status")?, text("limit"), text("remaining"), text("reset"))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName};

    use super::*;
    use crate::destination::QuotaStatus;

    fn conformed(event: Value) -> Value {
        let body = body([event].into_iter()).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["batch"][0].take()
    }

    #[test]
    fn an_event_in_this_form_stays_as_it_is() {
        let once = conformed(json!({
            "event_id": "1", "event_type": "tools_list", "is_error": true, "own": { "deep": [1] },
            "attributes": { "signals": { "loop": true }, "weight": 2.5 },
        }));
        assert_eq!(once["event_type"], "error");
        assert_eq!(
            once["attributes"],
            json!({
                "event_type": "tools_list", "own.deep": "[1]", "signals.loop": "true",
                "weight": "2.5",
            })
        );
        assert_eq!(conformed(once.clone()), once);
    }

    #[test]
    fn every_kind_becomes_one_that_is_known() {
        for (kind, is_error, expect) in [
            ("tool_call", true, "tool_call"),
            ("missing_tool", false, "tool_call"),
            ("close", false, "close"),
            ("session_start", false, "notification"),
            ("completion", true, "error"),
            ("custom", false, "notification"),
        ] {
            assert_eq!(kind_of(kind, is_error), expect, "{kind}");
        }
    }

    #[test]
    fn what_is_no_object_is_no_event() {
        assert!(body([json!([1])].into_iter()).unwrap_err().is_encode());
    }

    #[test]
    fn the_quota_is_read_from_headers() {
        let read = |status: &str, reset: &str| {
            let pairs =
                [("status", status), ("limit", "1000"), ("remaining", "7"), ("reset", reset)];
            let headers: HeaderMap = pairs
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| {
                    let name = format!("x-mcpwatch-quota-{name}").parse::<HeaderName>().unwrap();
                    (name, value.parse().unwrap())
                })
                .collect();
            quota(&headers)
        };
        let told = read("warning", "2026-11-06T21:20:00Z").unwrap();
        assert_eq!(
            (told.status(), told.limit(), told.remaining()),
            (QuotaStatus::Warning, Some(1000), Some(7))
        );
        assert_eq!(told.reset(), read("ok", "1794000000").unwrap().reset());
        assert_eq!(read("ok", "next month").unwrap().reset(), None);
        assert_eq!((read("purple", "1"), read("", "1")), (None, None));
    }
}
