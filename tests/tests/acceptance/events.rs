//! The current call and events of the author's own, from inside a call and from outside (F6).

use std::sync::Arc;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::model::{ArgumentInfo, CompleteRequestParams, GetPromptRequestParams, Reference};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use serde_json::{Value, json};
use toolwatch::Watch;
use toolwatch::event::Transport;
use toolwatch::local::Record;
use toolwatch_tests::observed::{Recorder, call, connect, text};

use super::shop::{Shop, of_type, wrapped};

const CALLS: usize = 64;

fn property<'r>(record: &'r Record, key: &str) -> &'r Value {
    &record.attributes.properties[key]
}

/// The only event of the author's own is a child of the only other one of this type.
#[track_caller]
fn check_family(recorder: &Recorder, parent: &str, reply: Option<&str>) -> Record {
    let (children, parents) = (of_type(recorder, "custom"), of_type(recorder, parent));
    assert_eq!((children.len(), parents.len()), (1, 1), "{children:?}");
    let (child, parent) = (&children[0], &parents[0]);
    assert_eq!((child.event_name.as_str(), &child.mcp_method), ("step", &None));
    assert_eq!(child.trace_id, parent.trace_id);
    assert_eq!(child.parent_span_id, parent.span_id);
    assert_ne!(child.span_id, parent.span_id);
    assert_eq!(child.attributes.session, parent.attributes.session);
    assert_eq!(child.client_name, parent.client_name);
    assert_eq!(child.attributes.tags["kind"], "child");
    let tags = &parent.attributes.tags;
    assert_eq!(tags["plan"], "pro", "{tags}");
    assert_eq!(tags["number"], property(child, "number").to_string());
    if let Some(reply) = reply {
        let session = &parent.attributes.session["key"];
        let told = json!([[true, parent.trace_id, parent.span_id], session]);
        assert_eq!(serde_json::from_str::<Value>(reply).ok(), Some(told));
    }
    parent.clone()
}

#[tokio::test]
async fn f6_a_tool_with_the_attribute_alone_knows_its_call() {
    for tool in ["watched", "whole"] {
        let recorder = Recorder::with(|builder| builder.transport(Transport::Stdio));
        let client = connect(Shop::default(), &recorder.watch).await;
        let reply = call(&client, tool, json!({ "number": 3 })).await.expect("a reply");
        check_family(&recorder, "tool_call", Some(text(&reply)));
    }
}

#[tokio::test]
async fn f6_under_the_wrapper_every_operation_knows_itself() {
    for tool in ["watched", "bare", "whole"] {
        let recorder = Recorder::with(|builder| builder.transport(Transport::Stdio));
        let client = wrapped(&recorder.watch).await;
        let reply = call(&client, tool, json!({ "number": 3 })).await.expect("a reply");
        check_family(&recorder, "tool_call", Some(text(&reply)));
    }
    let recorder = Recorder::start();
    let client = wrapped(&recorder.watch).await;
    client.get_prompt(GetPromptRequestParams::new("greet")).await.expect("a prompt");
    check_family(&recorder, "prompt_get", None);
    let recorder = Recorder::start();
    let client = wrapped(&recorder.watch).await;
    let argument = ArgumentInfo::new("a", "b");
    let params = CompleteRequestParams::new(Reference::for_prompt("greet"), argument);
    client.complete(params).await.expect("a completion");
    check_family(&recorder, "completion", None);
}

#[tokio::test]
async fn f6_where_nothing_is_recorded_the_handle_does_nothing() {
    let off = json!([[false, null, null], null]).to_string();
    let recorder = Recorder::with(|builder| builder.skip_tools(["whole"]));
    let before = recorder.watch.stats();
    let alone = connect(Shop::default(), &recorder.watch).await;
    let whole = wrapped(&recorder.watch).await;
    let disabled = connect(Shop::default(), &Watch::disabled()).await;
    let wrapped_off = wrapped(&Watch::disabled()).await;
    for (client, tools) in [
        (&alone, &["bare", "skipped", "whole"][..]),
        (&whole, &["skipped", "whole"]),
        (&disabled, &["watched", "bare", "skipped", "whole"]),
        (&wrapped_off, &["watched", "bare", "skipped", "whole"]),
    ] {
        for tool in tools {
            let reply = call(client, tool, json!({ "number": 3 })).await.expect("a reply");
            assert_eq!(text(&reply), off, "{tool}");
        }
    }
    assert!(of_type(&recorder, "tool_call").is_empty() && of_type(&recorder, "custom").is_empty());
    assert_eq!(before.own().dropped_total(), recorder.watch.stats().own().dropped_total());
    Watch::disabled().event("step").count("number", 1_u64).failed().record();
}

#[tokio::test]
async fn f6_an_extractor_of_the_authors_own_can_note_something() {
    let recorder = Recorder::start();
    let alone = connect(Shop::default(), &recorder.watch).await;
    let whole = wrapped(&recorder.watch).await;
    for client in [alone, whole] {
        call(&client, "planned", json!({})).await.expect("a reply");
    }
    let calls = of_type(&recorder, "tool_call");
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.attributes.tags == json!({ "plan": "pro" })), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_calls_that_run_at_once_keep_their_events_and_tags() {
    let recorder = Recorder::start();
    let clients = [connect(Shop::default(), &recorder.watch).await, wrapped(&recorder.watch).await];
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..CALLS {
        let peer = clients[number % 2].peer().clone();
        let arguments = json!({ "number": number }).as_object().cloned().unwrap_or_default();
        let params = rmcp::model::CallToolRequestParams::new("watched").with_arguments(arguments);
        calls.spawn(async move { peer.call_tool(params).await });
    }
    for reply in calls.join_all().await {
        assert_ne!(reply.expect("a reply").is_error, Some(true));
    }
    let (children, parents) = (of_type(&recorder, "custom"), of_type(&recorder, "tool_call"));
    assert_eq!((children.len(), parents.len()), (CALLS, CALLS));
    for parent in &parents {
        let child = children.iter().find(|child| child.parent_span_id == parent.span_id);
        let number = property(child.expect("a child"), "number").to_string();
        assert_eq!(parent.attributes.tags["number"], number);
    }
    assert!(recorder.watch.stats().is_balanced());
    assert!(recorder.watch.stats().own().captured() >= 2 * CALLS as u64);
}

#[tokio::test]
async fn f6_a_handle_that_outlives_its_call_still_has_events_and_no_notes() {
    let recorder = Recorder::start();
    let before = recorder.watch.stats().capture_faults;
    for wrap in [false, true] {
        let shop = Shop::default();
        let kept = Arc::clone(&shop.kept);
        let (server_side, client_side) = tokio::io::duplex(1 << 16);
        let watch = recorder.watch.clone();
        let client = if wrap {
            tokio::spawn(async move {
                let _ = watch.wrap(shop).serve(server_side).await.expect("served").waiting().await;
            });
            ().serve(client_side).await.expect("the client connects")
        } else {
            connect(shop, &watch).await
        };
        assert_eq!(call(&client, "keep", json!({})).await.expect("a reply").is_error, Some(true));
        let current = kept.lock().expect("a lock").pop().expect("a handle");
        current.tag("late", "x");
        current.blame_caller();
        assert_eq!(format!("{current:?}"), "CurrentCall(recorded)");
        current.event("late").record();
        let call = of_type(&recorder, "tool_call").pop().expect("a call");
        assert!(call.attributes.tags.is_null(), "{call:?}");
        assert_eq!(call.attributes.others["error"]["fault"], "caller");
        let late = of_type(&recorder, "custom").pop().expect("an event");
        assert_eq!((late.trace_id, late.parent_span_id), (call.trace_id, call.span_id));
    }
    assert!(recorder.watch.stats().capture_faults >= before + 2, "each late tag is counted");
}

#[tokio::test]
async fn f6_events_from_anywhere_have_a_trace_of_their_own_and_join_the_account() {
    let recorder = Recorder::with(|builder| builder.sample_rate(0.0).tag("region", "eu"));
    let event = recorder.watch.event("index.rebuilt").property("complete", &Some(true));
    let event = event.count("documents", 1_200_u64).count("documents", u64::MAX);
    event.tag("region", "us").duration(Duration::from_millis(1_500)).failed().record();
    recorder.watch.event("sampled.out").record();
    let _ = recorder.watch.event("never").tag("a", "b");
    let record = recorder.only();
    assert_eq!((record.event_type.as_str(), record.duration_ms), ("custom", 1_500.0));
    assert_eq!((record.mcp_method, record.parent_span_id), (None, None));
    assert_eq!(record.transport_type.as_deref(), Some("unknown"));
    assert!(record.trace_id.is_some() && record.attributes.session.is_null());
    let properties = json!({ "complete": true, "documents": i64::MAX });
    assert_eq!(record.attributes.properties, properties);
    assert_eq!(record.attributes.tags, json!({ "region": "us" }));
    assert_eq!(record.attributes.outcome.as_deref(), Some("tool_error"));
    assert_eq!((record.is_error, record.error_message.as_deref()), (true, Some("flagged")));
    let stats = recorder.watch.stats();
    assert!(stats.is_balanced());
    assert_eq!(stats.own().captured(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_over_http_an_event_has_the_session_of_its_call() {
    let recorder = Recorder::start();
    let watch = recorder.watch.clone();
    let sessions = Arc::new(LocalSessionManager::default());
    let make = move || Ok(watch.wrap(Shop::default()));
    let service = StreamableHttpService::new(make, sessions, Default::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let app = axum::Router::new().nest_service("/mcp", service);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await.expect("connected");
    let reply = call(&client, "bare", json!({ "number": 3 })).await.expect("a reply");
    let parent = check_family(&recorder, "tool_call", Some(text(&reply)));
    assert_eq!(parent.attributes.session["source"], "http_header");
}

#[tokio::test]
async fn f6_an_extractor_that_panics_keeps_its_note_and_disturbs_no_other_call() {
    for wrap in [false, true] {
        let recorder = Recorder::start();
        let client = match wrap {
            false => connect(Shop::default(), &recorder.watch).await,
            true => wrapped(&recorder.watch).await,
        };
        let bombed = call(&client, "bombed", json!({}));
        let reply = tokio::time::timeout(Duration::from_millis(200), bombed).await;
        assert!(reply.is_err(), "a call that panics has no reply");
        call(&client, "watched", json!({ "number": 1 })).await.expect("a reply");
        let calls = of_type(&recorder, "tool_call");
        let outcomes: Vec<_> =
            calls.iter().map(|call| call.attributes.outcome.as_deref()).collect();
        assert_eq!(outcomes, [Some("panic"), Some("ok")]);
        assert_eq!(calls[0].attributes.tags, json!({ "plan": "bomb" }));
        assert_eq!(calls[1].attributes.tags["plan"], "pro");
        let child = of_type(&recorder, "custom").pop().expect("an event");
        assert_eq!(child.parent_span_id, calls[1].span_id);
    }
}

#[tokio::test]
async fn f6_an_event_has_the_identity_and_the_session_of_an_identified_caller() {
    let recorder = Recorder::with(|builder| {
        builder.identify(|_| std::future::ready(Ok::<_, ()>(Some("ann".to_owned()))))
    });
    let client = wrapped(&recorder.watch).await;
    let reply = call(&client, "bare", json!({ "number": 3 })).await.expect("a reply");
    let parent = check_family(&recorder, "tool_call", Some(text(&reply)));
    assert_eq!(parent.attributes.session["source"], "caller");
    let child = of_type(&recorder, "custom").pop().expect("an event");
    let identity = |record: &Record| record.attributes.others.get("identity").cloned();
    assert!(identity(&child).is_some_and(|it| it["hash"].is_string()));
    assert_eq!(identity(&child), identity(&parent));
}
