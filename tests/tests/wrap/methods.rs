//! A7: every method of `ServerHandler` is forwarded, answers as it did, and is one event.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use rmcp::ServerHandler;
use rmcp::model::{InitializeRequestParams, SubscriptionFilter};
use serde_json::{Value, json};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::wrapped::{Era, Lines, hello, records_when, summary};

use crate::counting::Counting;

/// Where the source of the rmcp is that this suite was built with.
fn rmcp_source() -> PathBuf {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let version = String::from_utf8(version).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let rmcp = packages.iter().find(|package| package["name"] == "rmcp").expect("rmcp");
    let manifest = PathBuf::from(rmcp["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a directory").join("src/handler/server.rs")
}

/// The names of all `fn`s in a piece of source, whether they are written out or the arms of a macro.
fn names(source: &str) -> BTreeSet<&str> {
    let code = source.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    code.filter_map(|line| line.split_once('('))
        .map(|(name, _)| name.trim_start_matches("async ").trim_start_matches("fn "))
        .filter(is_name)
        .collect()
}

fn trait_methods(source: &str) -> BTreeSet<&str> {
    let start = source.find("macro_rules! server_handler_methods").expect("the trait's methods");
    let body = &source[start..];
    let body = &body[..body.find("\n}\n").expect("the end of the macro")];
    let is_method = |line: &&str| line.trim_start().starts_with("fn ");
    body.lines()
        .filter(is_method)
        .filter_map(|line| line.trim_start().strip_prefix("fn ")?.split(['(', '<']).next())
        .collect()
}

#[test]
fn a7_the_wrapper_defines_every_method_of_the_trait() {
    let source = std::fs::read_to_string(rmcp_source()).expect("rmcp's source");
    let expected = trait_methods(&source);
    assert!(expected.len() >= 32, "the list is read: {expected:?}");
    let wrapper = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/src/wrap/handler.rs");
    let wrapper = std::fs::read_to_string(wrapper).expect("the wrapper");
    let defined = names(wrapper.split_once("impl<H: ServerHandler>").expect("the impl").1);
    let missing: Vec<_> = expected.difference(&defined).collect();
    assert!(missing.is_empty(), "not forwarded: {missing:?}");
    let counted = include_str!("counting.rs");
    let counted = names(counted.split_once("impl ServerHandler").expect("the impl").1);
    let missing: Vec<_> = expected.difference(&counted).collect();
    assert!(missing.is_empty(), "not in this suite: {missing:?}");
}

/// Method, parameters, and the event: its type, its name.
type Step = (&'static str, Value, &'static str, &'static str);

/// What both protocols have.
fn common() -> Vec<Step> {
    let reference = json!({ "type": "ref/prompt", "name": "greet" });
    let completion = json!({ "ref": reference, "argument": { "name": "who", "value": "x" } });
    vec![
        ("tools/list", json!({}), "tools_list", "tools/list"),
        ("tools/call", json!({ "name": "own", "arguments": { "n": 1 } }), "tool_call", "own"),
        ("prompts/list", json!({}), "prompts_list", "prompts/list"),
        ("prompts/get", json!({ "name": "greet" }), "prompt_get", "greet"),
        ("completion/complete", completion, "completion", "greet"),
        ("resources/list", json!({}), "resources_list", "resources/list"),
        (
            "resources/templates/list",
            json!({}),
            "resource_templates_list",
            "resources/templates/list",
        ),
        ("resources/read", json!({ "uri": "memo://one" }), "resource_read", "one"),
        (
            "resources/directory/read",
            json!({ "uri": "memo://d" }),
            "resource_directory_read",
            "memo://{id}",
        ),
        ("skills/list", json!({}), "skills_list", "skills/list"),
        ("skills/get", json!({ "uri": "skill://make/SKILL.md" }), "skill_get", "_unknown"),
        ("tasks/get", json!({ "taskId": "t" }), "task_get", "tasks/get"),
        (
            "tasks/update",
            json!({ "taskId": "t", "inputResponses": {} }),
            "task_update",
            "tasks/update",
        ),
        ("tasks/cancel", json!({ "taskId": "t" }), "task_cancel", "tasks/cancel"),
        ("acme/own", json!({ "a": 1 }), "custom_request", "_other"),
        ("logging/setLevel", json!({ "level": "info" }), "logging_set_level", "logging/setLevel"),
    ]
}

fn of_sessions() -> Vec<Step> {
    vec![
        ("ping", json!({}), "ping", "ping"),
        ("resources/subscribe", json!({ "uri": "memo://one" }), "resource_subscribe", "one"),
        ("resources/unsubscribe", json!({ "uri": "memo://one" }), "resource_unsubscribe", "one"),
    ]
}

fn of_stateless() -> Vec<Step> {
    let listen = json!({ "notifications": { "toolsListChanged": true } });
    vec![
        ("server/discover", json!({}), "discover", "server/discover"),
        ("subscriptions/listen", listen, "subscription_listen", "subscriptions/listen"),
    ]
}

const NOTICES: [&str; 5] = [
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/cancelled",
    "notifications/acme",
];

async fn notices(lines: &mut Lines) {
    for method in NOTICES {
        let params = match method {
            "notifications/progress" => json!({ "progressToken": "p", "progress": 1 }),
            "notifications/cancelled" => json!({ "requestId": 999 }),
            _ => json!({}),
        };
        lines.notify(method, params).await.expect("sent");
    }
}

/// Drives a server and returns every reply, byte for byte.
async fn drive(server: impl ServerHandler, era: Era, steps: &[Step]) -> Vec<String> {
    let mut lines = Lines::of(server, era);
    let mut replies = Vec::new();
    if era == Era::Session {
        replies.push(lines.request("initialize", hello("lines")).await.expect("a handshake"));
        notices(&mut lines).await;
    }
    for (method, params, ..) in steps {
        replies.push(lines.request(method, params.clone()).await.expect("a reply"));
    }
    replies
}

fn counts(server: &Counting) -> Vec<(&'static str, usize)> {
    let calls = server.calls.lock().expect("counts");
    // Lookups that change nothing: the wrapper asks for what it does not know yet.
    let lookups = ["get_info", "get_tool", "supported_protocol_versions"];
    calls
        .iter()
        .map(|(name, count)| (*name, *count))
        .filter(|(name, _)| !lookups.contains(name))
        .collect()
}

async fn check(era: Era, steps: Vec<Step>, expected: &[&str]) {
    let (plain, inner) = (Counting::default(), Counting::default());
    let replies = drive(plain.clone(), era, &steps).await;
    assert!(replies.iter().all(|reply| reply.contains("\"result\"")), "{replies:#?}");
    let recorder = Recorder::start();
    let watched = drive(recorder.watch.wrap(inner.clone()), era, &steps).await;
    assert_eq!(watched, replies);
    let last = |records: &[toolwatch::local::Record]| {
        era == Era::Stateless || records.iter().any(|record| record.event_type == "close")
    };
    let records = records_when(&recorder, last).await;
    assert_eq!(counts(&inner), counts(&plain));
    let mut seen: Vec<_> = records.iter().map(summary).collect();
    let step = |(method, _, event_type, name): &Step| {
        let method = if *event_type == "custom_request" { "_other" } else { method };
        format!("{event_type} {method} {name} ok")
    };
    let mut wanted: Vec<_> =
        steps.iter().map(step).chain(expected.iter().map(|of| (*of).to_owned())).collect();
    seen.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a7_d9_every_method_of_a_session_is_forwarded_and_one_event() {
    let steps = common().into_iter().chain(of_sessions()).collect();
    let others = [
        "initialize initialize initialize ok",
        "session_start session_start session_start ok",
        "close close close ok",
        "notification notifications/initialized notifications/initialized ok",
        "notification notifications/progress notifications/progress ok",
        "notification notifications/roots/list_changed notifications/roots/list_changed ok",
        "notification notifications/cancelled notifications/cancelled ok",
        "notification _other _other ok",
    ];
    check(Era::Session, steps, &others).await;
}

#[tokio::test]
async fn a7_d9_every_method_of_stateless_requests_is_forwarded_and_one_event() {
    let steps = of_stateless().into_iter().chain(common()).collect();
    check(Era::Stateless, steps, &[]).await;
}

#[test]
fn a7_methods_that_are_no_requests_are_forwarded() {
    let recorder = Recorder::start();
    let inner = Counting::default();
    let watched = recorder.watch.wrap(inner.clone());
    let request: InitializeRequestParams =
        serde_json::from_value(hello("direct")).expect("a hello");
    assert_eq!(
        json!(watched.negotiate_initialize(&request).expect("info")),
        json!(inner.negotiate_initialize(&request).expect("info"))
    );
    assert_eq!(watched.supported_protocol_versions(), inner.supported_protocol_versions());
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    assert_eq!(watched.accepted_subscription_filter(&filter), Some(filter));
    assert_eq!(json!(watched.get_info()), json!(inner.get_info()));
    assert_eq!(json!(watched.get_tool("own")), json!(inner.get_tool("own")));
    assert!(watched.get_tool("other").is_none());
    assert_eq!(recorder.records().len(), 0);
}

#[tokio::test]
async fn a7_this_suite_reaches_every_method_through_the_wrapper() {
    let recorder = Recorder::start();
    let inner = Counting::default();
    let session = common().into_iter().chain(of_sessions()).collect::<Vec<_>>();
    drive(recorder.watch.wrap(inner.clone()), Era::Session, &session).await;
    drive(recorder.watch.wrap(inner.clone()), Era::Stateless, &of_stateless()).await;
    assert!(recorder.watch.wrap(inner.clone()).get_tool("own").is_some());
    let source = std::fs::read_to_string(rmcp_source()).expect("rmcp's source");
    let calls = inner.calls.lock().expect("counts");
    let reached: BTreeSet<_> = calls.keys().copied().collect();
    assert_eq!(reached, trait_methods(&source));
}
