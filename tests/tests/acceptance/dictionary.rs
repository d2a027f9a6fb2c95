//! `docs/spec/event.md` and the wire say the same (D2, D5, D10): every member is documented, every
//! documented member occurs, has its type, and is there when the document says it always is.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolRequestParams, JsonObject, RequestMetaObject};
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use toolwatch::event::Transport;
use toolwatch::testing::{Received, Receiver};
use toolwatch::{
    IdentityLevel, IntentLevel, RequestInfo, Shape, Watch, WatchBuilder, watched_tool,
};
use toolwatch_tests::observed::{call, connect, offline};
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::Era;

/// A time within which a healthy delivery is certain.
const PATIENCE: Duration = Duration::from_secs(60);

const DICTIONARY: &str = include_str!("../../../docs/spec/event.md");

#[derive(Deserialize, JsonSchema, Shape)]
struct Ruled {
    name: String,
    flag: bool,
    again: Option<Again>,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Again {
    #[serde(alias = "word")]
    text: Option<String>,
}

#[derive(Clone)]
struct Rules;

#[tool_router(server_handler)]
impl Rules {
    /// A tool with tags and rules.
    #[watched_tool(args(name = hash, flag = value), tags(team = "docs"))]
    #[tool]
    fn ruled(&self, Parameters(ruled): Parameters<Ruled>) -> String {
        let again = ruled.again.and_then(|again| again.text);
        format!("{} {} {again:?}", ruled.name, ruled.flag)
    }
}

/// What one row of the dictionary says.
#[derive(Debug)]
struct Member {
    types: String,
    is_always_there: bool,
}

/// The members of each table, by the place they stand in.
fn documented() -> BTreeMap<(&'static str, String), Member> {
    let mut members = BTreeMap::new();
    let mut place = "";
    for line in DICTIONARY.lines() {
        place = match line {
            "## Top level" => "event",
            "## `request_params`" => "request_params",
            "A field shape:" => "field",
            "## `response_content`" => "response_content",
            "## `attributes`" => "attributes",
            "## OpenTelemetry" => return members,
            _ => place,
        };
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells.len() < 4 || !cells[0].starts_with('`') {
            continue;
        }
        let is_always_there = cells[3].starts_with("never");
        for name in cells[0].split('`').skip(1).step_by(2) {
            let member = Member { types: cells[1].to_owned(), is_always_there };
            members.insert((place, name.to_owned()), member);
        }
    }
    members
}

/// The members of one event, by the place they stand in.
fn places(event: &Value) -> Vec<(&'static str, BTreeMap<String, Value>)> {
    let object = |value: &Value| -> BTreeMap<String, Value> {
        value.as_object().cloned().unwrap_or_default().into_iter().collect()
    };
    let mut attributes = object(&event["attributes"]);
    for group in [
        "completion",
        "error",
        "identity",
        "intent",
        "link",
        "listing",
        "resource",
        "session",
        "session_end",
        "signals",
        "subscription",
    ] {
        let Some(members) = attributes.remove(group) else { continue };
        let dotted = object(&members).into_iter();
        attributes.extend(dotted.map(|(name, value)| (format!("{group}.{name}"), value)));
    }
    let mut places = vec![("event", object(event)), ("attributes", attributes)];
    for place in ["request_params", "response_content"] {
        places.extend(event.get(place).map(|shape| (place, object(shape))));
    }
    let fields = object(&event["request_params"]["fields"]);
    places.extend(fields.values().map(|field| ("field", object(field))));
    places
}

fn has_type(value: &Value, types: &str) -> bool {
    types.split([',', ' ']).any(|word| match word {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => false,
    })
}

async fn events(set: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Vec<Value> {
    let receiver = Receiver::start().expect("a receiver");
    let directory = tempfile::tempdir().expect("a directory");
    let builder = offline().endpoint(receiver.endpoint()).api_key("k").directory(directory.path());
    let watch = set(builder.http_timeout(PATIENCE)).build().expect("a watch");
    let client = connect(watched::Server, &watch).await;
    let many: JsonObject = (0..80).map(|n| (format!("f{n}"), json!(n))).collect();
    for (tool, arguments) in [
        ("echo", json!({ "text": "x", "layout": "short", "context": "why" })),
        ("echo", json!({ "text": "x", "layout": "short" })),
        ("echo", json!({ "times": "x", "unknown": many })),
        ("answer", json!({ "text": "x" })),
        ("answer", json!({ "text": "refuse" })),
        ("protocol_fail", json!({ "text": "x" })),
        ("blocks", json!({ "text": "x" })),
        ("nothing", json!({})),
        ("fail", json!({ "text": "1" })),
        ("fail", json!({ "text": "2" })),
        ("fail", json!({ "text": "1" })),
        ("fail", json!({ "text": "2" })),
    ] {
        call(&client, tool, arguments).await.ok();
    }
    let rules = connect(Rules, &watch).await;
    let twice = json!({ "name": "n", "flag": true, "again": { "text": "a", "word": "b" } });
    let mut params = CallToolRequestParams::new("ruled")
        .with_arguments(twice.as_object().cloned().unwrap_or_default());
    let parent =
        json!({ "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    params.meta = serde_json::from_value::<RequestMetaObject>(parent).ok();
    rules.call_tool(params).await.expect("a reply");
    for number in 0..40 {
        call(&rules, "ruled", json!({ "name": number.to_string(), "flag": false })).await.ok();
    }
    continue_a_call(&watch).await;
    call_in_two_traces(&watch).await;
    watch.event("documented").count("rows", 3_u64).record();
    crate::whole::run(&watch).await;
    watch.flush(PATIENCE);
    receiver.requests().iter().flat_map(Received::events).collect()
}

/// What takes the wrapper: an identity. And what takes a client of its own: an id that is a text.
async fn continue_a_call(watch: &Watch) {
    let (server_side, mut client) = tokio::io::duplex(1 << 16);
    let server = watch.wrap(watched::Server);
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "raw", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let call = json!({ "jsonrpc": "2.0", "id": "a", "method": "tools/call",
        "params": { "name": "nothing", "requestState": "s", "_meta": meta } });
    client.write_all(format!("{call}\n").as_bytes()).await.expect("written");
    let mut line = String::new();
    BufReader::new(client).read_line(&mut line).await.expect("a reply");
    assert!(line.contains("result"), "{line}");
}

/// What takes HTTP: a trace in a header beside the one in `_meta`.
async fn call_in_two_traces(watch: &Watch) {
    let watch = watch.clone();
    let address = posts::serve(move || watch.wrap(watched::Server)).await;
    let client = Posts::start(address, Era::Session, "dictionary").await.expect("a client");
    let mut client = client
        .with_header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-00";
    let params = json!({ "name": "nothing", "arguments": {}, "_meta": { "traceparent": parent } });
    client.request("tools/call", params).await.expect("a reply");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_the_dictionary_and_the_wire_say_the_same() {
    let mut all = events(|builder| builder.transport(Transport::Stdio)).await;
    let identify = |request: &RequestInfo<'_>| ready(Ok::<_, ()>(request.tool().map(String::from)));
    let hashed = |builder: WatchBuilder| builder.intent(IntentLevel::Hash).identify(identify);
    all.extend(events(hashed).await);
    let labelled = |builder: WatchBuilder| builder.identity_level(IdentityLevel::Label);
    all.extend(events(move |builder| labelled(builder).identify(identify)).await);
    all.extend(events(|builder| builder.sample_rate(0.5)).await);
    let documented = documented();
    assert!(documented.len() > 50, "the dictionary was not read: {documented:?}");
    let mut seen = BTreeSet::new();
    for event in &all {
        assert!(!event.to_string().contains("null,"), "an absent member is an absent key: {event}");
        for (place, members) in places(event) {
            for (name, value) in &members {
                let member = documented.get(&(place, name.clone()));
                let member = member.unwrap_or_else(|| panic!("{place}: `{name}` is undocumented"));
                assert!(has_type(value, &member.types), "{place}: `{name}` is {value}: {member:?}");
                seen.insert((place, name.clone()));
            }
            for ((_, name), _) in
                documented.iter().filter(|((at, _), member)| *at == place && member.is_always_there)
            {
                assert!(members.contains_key(name), "{place}: `{name}` is missing in {event}");
            }
        }
    }
    let unseen: Vec<_> = documented.keys().filter(|key| !seen.contains(*key)).collect();
    assert!(unseen.is_empty(), "documented and never written: {unseen:?}");
}
