//! The ingest client in the form of MCPWatch, against a receiver that takes MCPWatch's events alone:
//! a member too many, one too few or one of another type is an error there.

mod service;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwatch::destination::{IngestClient, IngestFormat, QuotaStatus};
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{Watch, WatchBuilder};
use toolwatch_tests::everything::Everything;
use toolwatch_tests::wrapped::{Era, Lines};

use service::{EventType, McpWatchEvent, read, service};

fn builder(receiver: &Receiver, directory: &tempfile::TempDir) -> WatchBuilder {
    Watch::builder()
        .environment(|name| (name == "TOOLWATCH_INGEST_FORMAT").then(|| "mcpwatch".to_owned()))
        .server("shop", "1.2.3")
        .directory(directory.path())
        .endpoint(receiver.endpoint())
        .api_key("mw_key")
        .on_error(|_| {})
}

fn wait(is_done: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_done() {
        if began.elapsed() > Duration::from_secs(60) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Uses a server in many ways, well and badly.
async fn use_server(watch: &Watch) {
    let server = watch.wrap(Everything::default());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a session");
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "add", "arguments": { "a": 1, "b": 2 } })),
        ("tools/call", json!({ "name": "add", "arguments": { "a": "x" } })),
        ("tools/call", json!({ "name": "divide", "arguments": { "a": 1, "b": 0 } })),
        ("tools/call", json!({ "name": "lookup", "arguments": { "topic": "needle-mcpwatch" } })),
        ("tools/call", json!({ "name": "nowhere", "arguments": {} })),
        ("resources/list", json!({})),
        ("resources/read", json!({ "uri": "test://static-text" })),
        ("resources/read", json!({ "uri": "test://not-there" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "test_simple_prompt" })),
        ("prompts/get", json!({ "name": "not_there" })),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "test_simple_prompt" },
                "argument": { "name": "arg", "value": "a" },
            }),
        ),
        ("ping", json!({})),
        ("own/method", json!({ "a": 1 })),
    ] {
        lines.request(method, params).await.expect("a reply");
    }
    watch.event("order_made").tag("place", "till").record();
    lines.close().await.expect("an end");
}

#[tokio::test(flavor = "multi_thread")]
async fn mcpwatch_gets_every_event_with_its_own_members_and_no_other() {
    let (receiver, directory) = (service(), tempfile::tempdir().expect("a directory"));
    let watch = builder(&receiver, &directory).build().expect("a watch");
    use_server(&watch).await;
    let is_closed = || {
        let bodies = receiver.requests().iter().map(Received::json).collect::<Vec<_>>();
        json!(bodies).to_string().contains("\"event_type\":\"close\"")
    };
    assert!(wait(is_closed), "the end of the session");
    watch.flush(Duration::from_secs(30));
    let own = *watch.stats().own();
    assert_eq!((own.delivered(), own.dropped_total()), (own.captured(), 0));

    let requests = receiver.requests();
    let read: Result<Vec<_>, _> = requests.iter().map(read).collect();
    let batches = read.expect("requests that MCPWatch takes");
    assert!(batches.iter().all(|of| of.sdk.name == "toolwatch" && of.sdk.runtime == "rust"));
    let events: Vec<_> = batches.into_iter().flat_map(|of| of.batch).collect();
    assert_eq!(events.len() as u64, own.captured());
    let text = format!("{events:?}");
    assert!(!text.contains("needle-mcpwatch"), "no value of a caller");

    let kinds: BTreeSet<_> = events.iter().map(|event| event.event_type).collect();
    assert_eq!(kinds.len(), 7, "all of its kinds: {kinds:?}");
    let find = |kind: &str| {
        let is_of = |event: &&McpWatchEvent| {
            event.attributes.get("event_type").is_some_and(|of| of == kind)
        };
        events.iter().find(is_of).unwrap_or_else(|| panic!("{kind}"))
    };
    for (kind, expect) in [
        ("tools_list", EventType::Notification),
        ("completion", EventType::Notification),
        ("custom", EventType::Notification),
        ("custom_request", EventType::Error),
    ] {
        assert_eq!(find(kind).event_type, expect, "{kind}");
    }
    assert_eq!(
        (find("custom").mcp_method.as_str(), find("custom").client_name.as_str()),
        ("custom", "")
    );
    assert_eq!(find("custom").attributes["tags.place"], "till");
    let call = |name: &str, is_error: bool| {
        let is_of = |event: &&McpWatchEvent| {
            (event.event_type, event.is_error) == (EventType::ToolCall, is_error)
                && event.event_name == name
        };
        events.iter().find(is_of).unwrap_or_else(|| panic!("{name}"))
    };
    let add = call("add", false);
    assert_eq!((add.server_name.as_str(), add.client_name.as_str()), ("shop", "lines"));
    assert_eq!((add.mcp_method.as_str(), add.error_message.as_deref()), ("tools/call", None));
    assert_eq!(add.request_params["keys"], 2);
    assert_eq!(add.attributes["outcome"], "ok");
    assert!(add.attributes.contains_key("server_instance"));
    let refused = call("lookup", true);
    assert_eq!(refused.error_message.as_deref(), Some("protocol"));
    assert_eq!(refused.error_code, Some(-32603));
}

/// The names as they are, so that a change of one is seen.
#[tokio::test(flavor = "multi_thread")]
async fn mcpwatch_names_are_those_of_its_client() {
    let (receiver, directory) = (service(), tempfile::tempdir().expect("a directory"));
    let watch = builder(&receiver, &directory).build().expect("a watch");
    use_server(&watch).await;
    watch.flush(Duration::from_secs(30));
    let names = |of: &Value| of.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let body = receiver.requests()[0].json();
    let mut all = names(&body);
    all.extend(names(&body["sdk"]).into_iter().map(|name| format!("sdk.{name}")));
    all.extend(names(&body["batch"][0]).into_iter().map(|name| format!("batch[].{name}")));
    insta::assert_snapshot!(all.join("\n"), @r"
    batch
    sdk
    sdk.name
    sdk.runtime
    sdk.runtime_version
    sdk.version
    batch[].attributes
    batch[].client_name
    batch[].client_version
    batch[].duration_ms
    batch[].ended_at
    batch[].error_code
    batch[].error_message
    batch[].event_id
    batch[].event_name
    batch[].event_type
    batch[].is_error
    batch[].mcp_method
    batch[].mcp_protocol_version
    batch[].parent_span_id
    batch[].request_params
    batch[].response_content
    batch[].sdk_name
    batch[].sdk_version
    batch[].server_name
    batch[].server_version
    batch[].span_id
    batch[].started_at
    batch[].trace_id
    batch[].transport_type
    ");
}

#[test]
fn mcpwatch_quota_is_heeded_from_headers_when_events_are_taken_and_when_not() {
    let (receiver, directory) = (service(), tempfile::tempdir().expect("a directory"));
    let quota = |reply: Reply, status: &str, remaining: &str| {
        reply
            .header("x-mcpwatch-quota-limit", "1000")
            .header("x-mcpwatch-quota-remaining", remaining)
            .header("x-mcpwatch-quota-status", status)
            .header("x-mcpwatch-quota-reset", "2099-01-01T00:00:00Z")
    };
    receiver.script([
        quota(Reply::status(202), "warning", "9"),
        quota(Reply::status(429).header("retry-after", "60"), "hard_limit", "0"),
    ]);
    let told = Arc::<Mutex<Vec<_>>>::default();
    let heard = Arc::clone(&told);
    let watch = builder(&receiver, &directory)
        .on_quota_warning(move |quota| {
            heard.lock().expect("a lock").push((quota.status(), quota.remaining()));
        })
        .build()
        .expect("a watch");
    for requests in [1, 2] {
        watch.event("order_made").record();
        watch.flush(Duration::from_secs(1));
        assert!(receiver.wait_for_requests(requests, Duration::from_secs(60)));
        assert!(wait(|| told.lock().expect("a lock").len() == requests), "{told:?}");
    }
    let expect = [(QuotaStatus::Warning, Some(9)), (QuotaStatus::HardLimit, Some(0))];
    assert_eq!(*told.lock().expect("a lock"), expect);
    let status = watch.quota_status().expect("a quota");
    assert_eq!((status.limit(), status.remaining()), (Some(1000), Some(0)));
    assert_eq!((watch.stats().own().delivered(), watch.stats().own().spooled()), (1, 1));
}

#[tokio::test]
async fn mcpwatch_client_by_itself_brings_events_of_the_authors_into_the_form() {
    let receiver = service();
    let client = IngestClient::builder(receiver.endpoint(), "mw_key")
        .format(IngestFormat::McpWatch)
        .build()
        .expect("a client");
    let event = json!({
        "event_id": "1-2-3", "trace_id": "ab", "span_id": "cd", "event_type": "tool_call",
        "event_name": "search", "started_at": "2026-11-21T10:00:00Z", "mcp_method": "tools/call",
        "region": "eu", "attributes": { "retries": 2 },
    });
    let ack = client.send_batch(&[event]).await.expect("an answer");
    assert_eq!(ack.rejected(), 0);
    let batch = read(&receiver.requests()[0]).expect("a request that MCPWatch takes").batch;
    let attributes: Vec<_> = batch[0].attributes.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(attributes, ["region=eu", "retries=2"]);
    client.close();
    assert!(client.send_batch(&[json!({})]).await.expect_err("it is closed").is_closed());
}
