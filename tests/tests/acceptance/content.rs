//! Sizes and contents: every block is measured, no event is large (H1, I2, J2).

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, JsonObject, Resource};
use rmcp::{ErrorData, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::event::Outcome;
use toolwatch::{Shape, watched_tool};
use toolwatch_tests::observed::{Recorder, call, connect};

/// What the event of a call with few declared fields takes at most, whatever its values.
const MAX_USUAL_BYTES: usize = 4 * 1024;

/// What docs/spec/event.md promises of one event.
const MAX_EVENT_BYTES: usize = 64 * 1024;

#[derive(Deserialize, JsonSchema, Shape)]
struct Deep {
    value: Value,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Links {
    links: usize,
}

/// An error with so many sources; none is a cycle of them.
#[derive(Debug)]
struct Linked {
    source: Option<Box<Linked>>,
}

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("linked")
    }
}

impl Error for Linked {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &dyn Error)
    }
}

impl IntoCallToolResult for Linked {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::error(vec![ContentBlock::text(self.to_string())]).into())
    }
}

/// An error that is its own source.
#[derive(Debug)]
struct Round;

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("round")
    }
}

impl Error for Round {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Self)
    }
}

impl IntoCallToolResult for Round {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::error(vec![ContentBlock::text("round")]).into())
    }
}

fn wide_name(number: usize) -> String {
    format!("{number:04}{}", "\u{e9}".repeat(200))
}

fn wide() -> Arc<JsonObject> {
    let properties: JsonObject = (0..1_000).map(|n| (wide_name(n), json!({}))).collect();
    let required: Vec<String> = properties.keys().rev().take(500).cloned().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}

#[derive(Clone)]
struct Contents;

#[tool_router(server_handler)]
impl Contents {
    /// One block of every kind, and structure.
    #[watched_tool]
    #[tool]
    fn blocks(&self) -> CallToolResult {
        let mut result = CallToolResult::success(vec![
            ContentBlock::text("needle"),
            ContentBlock::image("bmVlZGxl", "image/png"),
            ContentBlock::audio("bmVlZGxl", "audio/wav"),
            ContentBlock::embedded_text("file:///needle", "needle"),
            ContentBlock::resource_link(Resource::new("file:///needle", "needle")),
        ]);
        result.structured_content = Some(json!({ "needle": ["needle"] }));
        result
    }

    /// Anything at all.
    #[watched_tool]
    #[tool]
    fn anything(&self, arguments: JsonObject) -> String {
        arguments.len().to_string()
    }

    /// Anything below one name.
    #[watched_tool]
    #[tool]
    fn deep(&self, Parameters(deep): Parameters<Deep>) -> String {
        deep.value.to_string().len().to_string()
    }

    /// More parameters than are recorded, with longer names than are kept.
    #[watched_tool]
    #[tool(input_schema = wide())]
    fn wide(&self, arguments: JsonObject) -> String {
        arguments.len().to_string()
    }

    /// A chain of errors.
    #[watched_tool]
    #[tool]
    fn chain(&self, Parameters(Links { links }): Parameters<Links>) -> Result<String, Linked> {
        let chain = (1..links).fold(None, |source, _| Some(Box::new(Linked { source })));
        Err(Linked { source: chain })
    }

    /// A chain without end.
    #[watched_tool]
    #[tool]
    fn cycle(&self) -> Result<String, Round> {
        Err(Round)
    }
}

#[tokio::test]
async fn h1_each_kind_of_block_is_measured_and_none_is_kept() {
    let recorder = Recorder::start();
    let client = connect(Contents, &recorder.watch).await;
    let reply = call(&client, "blocks", json!({})).await.expect("a reply");
    let record = recorder.only();
    let shape = record.response_content.as_ref().expect("a result");
    let one_each = json!({ "text": 1, "image": 1, "audio": 1, "resource": 1, "resource_link": 1 });
    assert_eq!(shape.blocks, one_each);
    // rmcp leaves this member out of replies to clients of older protocol versions.
    let unread = r#""resultType":"complete","#.len();
    assert_eq!(shape.bytes, (json!(reply).to_string().len() + unread) as u64);
    assert_eq!((shape.text_chars, &shape.structured), (6, &json!({ "type": "object", "len": 1 })));
    let written = json!(record).to_string();
    assert!(!written.contains("needle") && !written.contains("bmVlZGxl"), "{written}");
}

/// Calls a tool and returns how many bytes its event takes.
async fn event_bytes(tool: &'static str, arguments: Value) -> usize {
    let recorder = Recorder::start();
    let client = connect(Contents, &recorder.watch).await;
    call(&client, tool, arguments).await.expect("a reply");
    let record = recorder.only();
    assert_eq!(record.outcome(), Some(Outcome::Ok));
    json!(record).to_string().len()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(
        json!(1),
        |inner, level| {
            if level % 2 == 0 { json!([inner]) } else { json!({ "k": inner }) }
        },
    )
}

#[tokio::test]
async fn i2_an_event_stays_small_for_long_strings_many_keys_and_deep_values() {
    let many: JsonObject = (0..1_000).map(|n| (format!("key{n}"), json!(n))).collect();
    let long = "ü".repeat(1 << 20);
    for (tool, arguments) in [
        ("anything", json!({ "text": long.clone(), long.clone(): 1, "context": long.clone() })),
        ("anything", Value::Object(many.clone())),
        ("deep", json!({ "value": long })),
        ("deep", json!({ "value": many })),
        // rmcp's reader, serde_json, parses no deeper than 128.
        ("deep", json!({ "value": nested(100) })),
    ] {
        let bytes = event_bytes(tool, arguments).await;
        assert!(bytes < MAX_USUAL_BYTES, "{tool}: {bytes}");
    }
}

#[tokio::test]
async fn i2_the_widest_event_stays_under_its_bound() {
    let mut arguments: JsonObject = (0..500).map(|n| (wide_name(n), json!("x"))).collect();
    arguments.insert("context".into(), json!("\u{1f642}".repeat(10_000)));
    let recorder = Recorder::start();
    let client = connect(Contents, &recorder.watch).await;
    call(&client, "wide", Value::Object(arguments)).await.expect("a reply");
    let record = recorder.only();
    let shape = record.request_params.as_ref().expect("arguments");
    assert_eq!(shape.fields.as_object().map(serde_json::Map::len), Some(64));
    assert_eq!(shape.missing.len(), 16);
    let bytes = json!(record).to_string().len();
    assert!(bytes > 20 * 1024 && bytes < MAX_EVENT_BYTES, "{bytes}");
}

#[tokio::test]
async fn j2_chains_are_counted_up_to_ten_and_a_cycle_ends() {
    for (links, counted) in [(1, 1), (3, 3), (10, 10), (400, 10)] {
        let recorder = Recorder::start();
        let client = connect(Contents, &recorder.watch).await;
        call(&client, "chain", json!({ "links": links })).await.expect("a reply");
        let error = &recorder.only().attributes.others["error"];
        assert_eq!(error["chain"], counted, "{error}");
        assert!(error["type"].as_str().is_some_and(|name| name.ends_with("::Linked")), "{error}");
    }
    let recorder = Recorder::start();
    let client = connect(Contents, &recorder.watch).await;
    call(&client, "cycle", json!({})).await.expect("a reply");
    assert_eq!(recorder.only().attributes.others["error"]["chain"], 10);
}
