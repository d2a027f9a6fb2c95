//! Whole messages: ids, metadata and scripts around the parameters.

use serde_json::{Value, json};

use super::operations::Maker;
use super::script::{End, Hook, KEY, Script};
use crate::canary::needle::{Kind, Needles};
use crate::wrapped::Era;

/// A message that is ready to be sent.
pub struct Message {
    /// As JSON.
    pub json: Value,
    /// How its handler ends.
    pub end: End,
}

impl Message {
    /// The id; null for a notification.
    #[must_use]
    pub fn id(&self) -> &Value {
        &self.json["id"]
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.json["method"].as_str().unwrap_or_default()
    }

    /// Whether the author's predicate leaves it out.
    #[must_use]
    pub fn is_skipped(&self) -> bool {
        let skip = &self.json["params"]["_meta"][KEY]["skip"];
        skip == "Says" || skip == "Panics"
    }

    /// What the header `mcp-name` has to repeat.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let member = match self.method() {
            "tools/call" | "prompts/get" => "name",
            "resources/read" => "uri",
            "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
            _ => return None,
        };
        self.json["params"][member].as_str()
    }
}

/// A request.
pub fn request(method: &str, end: End, era: Era, maker: &mut Maker<'_>) -> Message {
    let mut message = message(method, end, era, maker);
    message.json["id"] = match maker.turn % 3 {
        0 => maker.turn.into(),
        _ => maker.needles.text(Kind::Context, "the id of a request").into(),
    };
    message
}

/// A message without an id.
pub fn message(method: &str, end: End, era: Era, maker: &mut Maker<'_>) -> Message {
    let script = script(end, maker.turn, maker.needles);
    let mut params = maker.params(method, &script);
    params["_meta"] = meta(&script, era, maker.turn, maker.needles);
    let json = json!({ "jsonrpc": "2.0", "method": maker.method(method), "params": params });
    Message { json, end }
}

/// The handshake.
pub fn hello(end: End, maker: &mut Maker<'_>) -> Message {
    let mut message = request("initialize", end, Era::Session, maker);
    let client = client(maker.needles, "clientInfo");
    let mut version = "2025-11-25".to_owned();
    if maker.turn % 2 == 1 {
        version = maker.needles.text(Kind::Label, "a protocol version");
    }
    let params = &mut message.json["params"];
    params["protocolVersion"] = version.into();
    params["clientInfo"] = client;
    params["capabilities"] = capabilities(maker.needles);
    message
}

fn client(needles: &mut Needles, place: &str) -> Value {
    let mut plant = |kind, member| needles.text(kind, &format!("{place} {member}"));
    json!({
        "name": plant(Kind::Label, "name"),
        "version": plant(Kind::Label, "version"),
        "title": plant(Kind::Context, "title"),
        "description": plant(Kind::Context, "description"),
        "websiteUrl": plant(Kind::Context, "websiteUrl"),
        "icons": [{ "src": plant(Kind::Context, "icon"), "mimeType": plant(Kind::Context, "icon's type") }],
    })
}

fn capabilities(needles: &mut Needles) -> Value {
    let mut plant = || needles.text(Kind::Context, "a capability of the client");
    json!({
        "experimental": { plant(): { plant(): plant() } },
        "extensions": { "io.modelcontextprotocol/tasks": {}, plant(): { "k": plant() } },
    })
}

fn script(end: End, turn: usize, needles: &mut Needles) -> Script {
    let kind = if end == End::Reply || end == End::Ask { Kind::Result } else { Kind::Error };
    let words = std::array::from_fn(|_| needles.text(kind, &format!("what is said on {end:?}")));
    let identify = match turn % 6 {
        0 | 1 => Hook::Says,
        2 => Hook::Fails,
        3 => Hook::Panics,
        4 => Hook::PanicsLater,
        _ if end == End::Reply => Hook::Hangs,
        _ => Hook::Nothing,
    };
    let kind = if identify == Hook::Says { Kind::Identity } else { Kind::Context };
    let identity = needles.text(kind, "an identity");
    let resolve = [Hook::Says, Hook::Nothing, Hook::Panics][turn % 3];
    // Who waits for an event must get one.
    let skip = match turn % 11 {
        7 if end.is_answered() => Hook::Says,
        8 if end.is_answered() => Hook::Panics,
        _ => Hook::Nothing,
    };
    let session = needles.text(Kind::Context, "a session");
    Script { end, words, identify, identity, resolve, session, skip }
}

/// Metadata: tracing members that are valid or not, a client, and what nobody knows.
fn meta(script: &Script, era: Era, turn: usize, needles: &mut Needles) -> Value {
    let mut plant = |place: &str| needles.text(Kind::Context, &format!("_meta {place}"));
    let mut meta = json!({
        KEY: script,
        "tracestate": format!("vendor={}", plant("tracestate")),
        "baggage": format!("user={}", plant("baggage")),
        "progressToken": plant("progressToken"),
        plant("key"): { "deep": [plant("value")] },
    });
    meta["traceparent"] = match turn % 2 {
        0 => plant("traceparent").into(),
        _ => traceparent(needles).into(),
    };
    if era == Era::Stateless {
        meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities(needles);
    }
    if era == Era::Stateless || turn % 6 == 5 {
        meta["io.modelcontextprotocol/clientInfo"] = client(needles, "_meta clientInfo");
    }
    meta
}

/// A valid trace context, whose ids may appear as ids.
pub fn traceparent(needles: &mut Needles) -> String {
    let mut hex = |count, place| {
        let digits = needles.random().bytes(count);
        let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        needles.whole(Kind::Trace, place, &digits);
        digits
    };
    format!("00-{}-{}-01", hex(16, "a trace's id"), hex(8, "a span's id"))
}
