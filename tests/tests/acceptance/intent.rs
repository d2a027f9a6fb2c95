//! The intent parameter over every form of schema (B).

#![expect(dead_code, reason = "serde writes the fields and only Debug reads them")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::JsonObject;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::event::Outcome;
use toolwatch::{Shape, watched_tool};
use toolwatch_tests::observed::{Recorder, call, connect, schema, text};

#[derive(Debug, Deserialize, JsonSchema, Shape)]
#[serde(deny_unknown_fields)]
struct Strict {
    /// A validation rule.
    #[schemars(length(min = 1, max = 8))]
    word: String,
    inner: Option<Inner>,
}

#[derive(Debug, Deserialize, JsonSchema, Shape)]
struct Inner {
    context: String,
}

#[derive(Debug, Deserialize, JsonSchema, Shape)]
struct Page<T> {
    item: Option<T>,
}

#[derive(Debug, Deserialize, JsonSchema, Shape)]
struct Own {
    context: String,
}

#[derive(Debug, Deserialize, JsonSchema, Shape)]
#[serde(untagged)]
enum Either {
    Left { left: String },
    Right { right: String },
}

#[derive(Debug, Deserialize, JsonSchema, Shape)]
struct Open {
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn empty() -> Arc<JsonObject> {
    Arc::default()
}

fn bare() -> Arc<JsonObject> {
    Arc::new(json!({ "type": "object" }).as_object().cloned().unwrap_or_default())
}

fn hollow() -> Arc<JsonObject> {
    let schema = json!({ "type": "object", "properties": {}, "required": [], "additionalProperties": false });
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}

#[derive(Clone)]
struct Forms;

#[tool_router(server_handler)]
impl Forms {
    /// No parameters.
    #[watched_tool]
    #[tool]
    fn none(&self) -> String {
        "none".into()
    }

    /// An empty schema.
    #[watched_tool]
    #[tool(input_schema = empty())]
    fn empty(&self, arguments: JsonObject) -> String {
        format!("{arguments:?}")
    }

    /// A schema without properties.
    #[watched_tool]
    #[tool(input_schema = bare())]
    fn bare(&self, arguments: JsonObject) -> String {
        format!("{arguments:?}")
    }

    /// A schema with empty members.
    #[watched_tool]
    #[tool(input_schema = hollow())]
    fn hollow(&self, arguments: JsonObject) -> String {
        format!("{arguments:?}")
    }

    /// Rules, a nested type and its definition.
    #[watched_tool]
    #[tool]
    fn strict(&self, Parameters(strict): Parameters<Strict>) -> String {
        format!("{strict:?}")
    }

    /// A generic type.
    #[watched_tool]
    #[tool]
    fn generic(&self, Parameters(page): Parameters<Page<Inner>>) -> String {
        format!("{page:?}")
    }

    /// A map of anything.
    #[watched_tool]
    #[tool]
    fn open(&self, Parameters(open): Parameters<Open>) -> String {
        format!("{open:?}")
    }

    /// A parameter `context` of its own.
    #[watched_tool]
    #[tool]
    fn own(&self, Parameters(own): Parameters<Own>) -> String {
        own.context
    }

    /// A union at the root.
    #[watched_tool]
    #[tool(input_schema = rmcp::handler::server::tool::schema_for_type::<Parameters<Either>>())]
    fn union(&self, Parameters(either): Parameters<Either>) -> String {
        format!("{either:?}")
    }

    /// No intent wanted.
    #[watched_tool(intent = off)]
    #[tool]
    fn silent(&self) -> String {
        "silent".into()
    }

    /// A required one with words of its own.
    #[watched_tool(intent(required, text = "Warum? \u{1f642}", max_chars = 3))]
    #[tool]
    fn required(&self, Parameters(strict): Parameters<Strict>) -> String {
        strict.word
    }
}

/// A tool and the arguments to call it with.
type Case = (&'static str, fn() -> Value);

const INJECTED: [Case; 7] = [
    ("none", || json!({})),
    ("empty", || json!({ "a": 1 })),
    ("bare", || json!({ "a": 1 })),
    ("hollow", || json!({})),
    ("strict", || json!({ "word": "x", "inner": { "context": "kept" } })),
    ("generic", || json!({ "item": { "context": "kept" } })),
    ("open", || json!({ "a": 1 })),
];

#[tokio::test]
async fn b1_b2_b5_b10_every_form_of_schema_takes_the_intent_and_no_handler_sees_it() {
    for (tool, arguments) in INJECTED {
        let recorder = Recorder::start();
        let client = connect(Forms, &recorder.watch).await;
        let schema = schema(&client, tool).await;
        assert_eq!(schema["properties"]["context"]["type"], "string", "{tool}");
        assert!(!schema["required"].as_array().is_some_and(|it| it.contains(&json!("context"))));
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let without = arguments();
        let mut with = without.clone();
        with["context"] = json!("to learn");
        assert!(validator.is_valid(&without) && validator.is_valid(&with), "{tool}: {schema}");
        let expected = call(&client, tool, without).await.expect("a reply");
        let reply = call(&client, tool, with).await.expect("a reply");
        assert_eq!(text(&reply), text(&expected), "{tool}");
        assert!(!text(&reply).contains("to learn"), "{tool}");
        let records = recorder.records();
        let intents: Vec<_> = records.iter().map(|record| record.intent()).collect();
        assert_eq!(intents, [None, Some("to learn")], "{tool}");
        let shape = |at: usize| records[at].request_params.as_ref().map(|it| (it.bytes, it.keys));
        assert_eq!(shape(0), shape(1), "{tool}");
        assert!(records.iter().all(|record| record.outcome() == Some(Outcome::Ok)), "{tool}");
        let valid = records.iter().map(|it| it.request_params.as_ref()?.schema_valid);
        assert!(valid.into_iter().all(|valid| valid == Some(true)), "{tool}");
    }
}

#[tokio::test]
async fn b6_b13_listing_twice_gives_the_same_list_and_the_rest_of_it_stays() {
    let recorder = Recorder::start();
    let client = connect(Forms, &recorder.watch).await;
    let first = json!(client.list_all_tools().await.expect("a list"));
    assert_eq!(first, json!(client.list_all_tools().await.expect("a list")));
    let strict = schema(&client, "strict").await;
    assert_eq!(strict["properties"]["word"]["maxLength"], 8);
    assert_eq!(
        (&strict["required"], &strict["additionalProperties"]),
        (&json!(["word"]), &json!(false))
    );
    assert!(strict["$defs"]["Inner"]["properties"].get("context").is_some());
    assert!(recorder.records().is_empty(), "a list is no call");
}

#[tokio::test]
async fn b3_existing_context_is_kept_and_reaches_the_tool_with_one_warning() {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&warnings);
    let recorder = Recorder::with(|builder| {
        builder.on_error(move |error| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            told.lock().expect("a lock").push(source.unwrap_or_default());
        })
    });
    let client = connect(Forms, &recorder.watch).await;
    for _ in 0..2 {
        let reply = call(&client, "own", json!({ "context": "mine" })).await.expect("a reply");
        assert_eq!(text(&reply), "mine");
        let reply = call(&client, "union", json!({ "left": "x" })).await.expect("a reply");
        assert_eq!(text(&reply), "Left { left: \"x\" }");
        call(&client, "silent", json!({})).await.expect("a reply");
    }
    assert!(recorder.records().iter().all(|record| record.intent().is_none()));
    let warnings = warnings.lock().expect("a lock");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("`own` has a parameter"), "{warnings:?}");
    assert!(warnings[1].starts_with("`union` has a schema"), "{warnings:?}");
}

#[tokio::test]
async fn b4_b12_a_union_at_the_root_is_left_alone_and_other_tools_are_not() {
    let recorder = Recorder::start();
    let client = connect(Forms, &recorder.watch).await;
    let union = schema(&client, "union").await;
    assert!(union.get("properties").is_none_or(|it| it.get("context").is_none()), "{union}");
    assert_eq!(schema(&client, "own").await["properties"].as_object().map(|it| it.len()), Some(1));
    assert!(schema(&client, "silent").await["properties"].get("context").is_none());
    assert!(schema(&client, "none").await["properties"].get("context").is_some());
}

#[tokio::test]
async fn b8_b9_a_required_intent_has_the_authors_words_and_calls_without_it_succeed() {
    let recorder = Recorder::start();
    let client = connect(Forms, &recorder.watch).await;
    let schema = schema(&client, "required").await;
    assert_eq!(schema["properties"]["context"]["description"], "Warum? \u{1f642}");
    assert_eq!(schema["required"], json!(["word", "context"]));
    call(&client, "required", json!({ "word": "x" })).await.expect("a reply");
    call(&client, "required", json!({ "word": "x", "context": "\u{1f642}abcdef" }))
        .await
        .expect("a reply");
    let records = recorder.records();
    assert_eq!(records[0].request_params.as_ref().expect("arguments").schema_valid, Some(true));
    assert_eq!(records[1].intent(), Some("\u{1f642}ab"));
}

#[tokio::test]
async fn b9_whatever_the_intent_holds_the_call_succeeds() {
    let huge = "x".repeat(1_000_000);
    let cases = [
        (json!(""), None),
        (json!(null), None),
        (json!(7), None),
        (json!({ "context": "deep" }), None),
        (json!(["why"]), None),
        (json!(huge), Some("x".repeat(500))),
        (
            json!("größer \u{1f469}\u{200d}\u{1f467} \u{202e}\u{0}"),
            Some("größer \u{1f469}\u{1f467} ".to_owned()),
        ),
    ];
    for (intent, expected) in cases {
        let recorder = Recorder::start();
        let client = connect(Forms, &recorder.watch).await;
        let arguments = json!({ "word": "x", "context": intent });
        let reply = call(&client, "strict", arguments).await.expect("a reply");
        assert_ne!(reply.is_error, Some(true));
        let record = recorder.only();
        assert_eq!(record.intent(), expected.as_deref());
        assert_eq!(record.request_params.expect("arguments").keys, 1);
    }
}
