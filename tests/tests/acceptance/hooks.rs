//! Hooks of a wrapped server: who calls, what is left out, how much less is recorded, and what a
//! hook that fails costs (A1, D12, E12, F3, F4, G2).

use std::collections::BTreeMap;
use std::future::{pending, poll_fn, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rmcp::model::CallToolRequestParams;
use rmcp::{ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use toolwatch::local::Record;
use toolwatch::{Level, WatchBuilder};
use toolwatch_tests::observed::{Client, Recorder, call, connect};
use toolwatch_tests::server::{plain, watched};

/// A server behind the wrapper, without a client.
fn wrapped<S: ServerHandler>(server: S, recorder: &Recorder) -> DuplexStream {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    let server = recorder.watch.wrap(server);
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    client_side
}

async fn client<S: ServerHandler>(server: S, recorder: &Recorder) -> Client {
    ().serve(wrapped(server, recorder)).await.expect("the client connects")
}

fn calls(recorder: &Recorder) -> Vec<Record> {
    let mut records = recorder.records();
    records.retain(|record| record.event_type == "tool_call");
    records
}

fn methods(recorder: &Recorder) -> BTreeMap<String, usize> {
    let mut methods = BTreeMap::new();
    for record in recorder.records() {
        *methods.entry(record.mcp_method.unwrap_or_default()).or_default() += 1;
    }
    methods
}

fn other<'r>(record: &'r Record, name: &str) -> Option<&'r Value> {
    record.attributes.others.get(name)
}

#[tokio::test]
async fn e12_an_answer_that_comes_while_the_handler_runs_is_recorded() {
    let recorder = Recorder::with(|builder| {
        builder.identify_timeout(Duration::from_secs(60)).identify(|request| {
            assert_eq!(request.tool().is_some(), request.method() == "tools/call");
            async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok::<_, ()>(Some("ann".to_owned()))
            }
        })
    });
    let client = client(watched::Server, &recorder).await;
    call(&client, "wait", json!({ "text": "x", "times": 200 })).await.expect("a reply");
    call(&client, "nothing", json!({})).await.expect("a reply");
    let calls = calls(&recorder);
    assert!(other(&calls[0], "identity").is_some_and(|identity| identity["hash"].is_string()));
    assert_eq!(calls[0].attributes.session["source"], "caller");
    // The second handler had ended before the answer could come: the session is not guessed.
    assert_eq!(other(&calls[1], "identity"), None);
    assert!(calls[1].attributes.session.is_null());
}

#[tokio::test]
async fn f4_a_hook_that_hangs_delays_no_call_and_loses_no_event() {
    let recorder = Recorder::with(|builder| {
        let slow = builder.identify_timeout(Duration::from_secs(60));
        slow.identify(|_| pending::<Result<Option<String>, ()>>())
    });
    let before = recorder.watch.stats().capture_faults;
    let client = client(watched::Server, &recorder).await;
    let started = Instant::now();
    for _ in 0..10 {
        call(&client, "nothing", json!({})).await.expect("a reply");
    }
    // One timeout would take longer than this, and nothing waits for one.
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    let calls = calls(&recorder);
    assert_eq!(calls.len(), 10);
    assert!(calls.iter().all(|call| other(call, "identity").is_none()));
    assert!(recorder.watch.stats().capture_faults >= before + 10);
}

/// What a hook of one kind costs: the identity, and nothing else.
async fn check_failure(set: impl FnOnce(WatchBuilder) -> WatchBuilder) {
    let recorder = Recorder::with(set);
    let before = recorder.watch.stats().capture_faults;
    let client = client(plain::Server, &recorder).await;
    let reply = call(&client, "echo", json!({ "text": "x" })).await.expect("a reply");
    assert_ne!(reply.is_error, Some(true));
    let calls = calls(&recorder);
    assert_eq!((calls.len(), other(&calls[0], "identity")), (1, None));
    assert!(recorder.watch.stats().capture_faults > before);
}

#[tokio::test]
async fn f3_a_hook_that_fails_or_panics_costs_only_the_identity() {
    type Answer = Result<Option<String>, &'static str>;
    check_failure(|builder| builder.identify(|_| ready(Answer::Err("no such user")))).await;
    check_failure(|builder| {
        builder.identify(|request| -> std::future::Ready<Answer> {
            panic!("no identity for {}", request.method())
        })
    })
    .await;
    check_failure(|builder| {
        builder.identify(|_| poll_fn(|_| -> std::task::Poll<Answer> { panic!("in the future") }))
    })
    .await;
}

fn skipping(builder: WatchBuilder) -> WatchBuilder {
    builder.skip_tools(["echo"]).skip_methods(["tools/list"]).skip_if(|request| {
        match request.tool() {
            Some("raw") => panic!("the predicate"),
            tool => tool == Some("nothing"),
        }
    })
}

async fn call_some(client: &Client) {
    for tool in ["echo", "raw", "nothing", "answer", "no_such_tool"] {
        let _ = call(client, tool, json!({ "text": "x" })).await;
    }
}

#[tokio::test]
async fn a1_tools_methods_and_requests_can_be_skipped_at_run_time() {
    let recorder = Recorder::with(skipping);
    for client in [client(plain::Server, &recorder).await, client(watched::Server, &recorder).await]
    {
        client.list_all_tools().await.expect("a list");
        client.list_all_prompts().await.ok();
        call_some(&client).await;
    }
    let names: Vec<_> = calls(&recorder).into_iter().map(|record| record.event_name).collect();
    assert_eq!(names, ["answer", "_unknown", "answer", "_unknown"]);
    let methods = methods(&recorder);
    assert_eq!(methods.get("tools/list"), None, "{methods:?}");
    assert_eq!(methods.get("prompts/list"), Some(&2), "{methods:?}");
}

#[tokio::test]
async fn a1_the_attribute_alone_skips_as_well_and_still_takes_the_intent_out() {
    let recorder = Recorder::with(skipping);
    let before = recorder.watch.stats().capture_faults;
    let client = connect(watched::Server, &recorder.watch).await;
    call_some(&client).await;
    assert_eq!(recorder.only().event_name, "answer");
    assert!(recorder.watch.stats().capture_faults > before, "the predicate's panic is counted");
    let arguments = json!({ "text": "x", "context": "why" });
    let reply = call(&client, "raw", arguments).await.expect("a reply");
    assert_eq!(toolwatch_tests::observed::text(&reply), r#"{"text":"x"}"#);
}

fn fields(record: &Record) -> Value {
    record.request_params.as_ref().map(|shape| json!(shape.fields)).unwrap_or_default()
}

#[tokio::test]
async fn g2_a_hook_lowers_fields_with_and_without_the_attribute_and_never_raises_one() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let recorder = Recorder::with(|builder| {
        builder.lower(|field| match (field.tool(), field.path()) {
            ("echo", "text") => Level::Omit,
            ("echo", "place") => Level::Kind,
            ("echo", "times") => panic!("no policy"),
            ("echo", "layout") => {
                ASKED.fetch_add(1, Ordering::Relaxed);
                Level::Value
            }
            _ => field.level(),
        })
    });
    let before = recorder.watch.stats().capture_faults;
    let arguments = json!({
        "text": "a secret", "times": 3, "layout": "short", "without": ["a", "b"],
        "place": { "countryCode": "de" }
    });
    let expected = json!({
        "layout": { "type": "string", "len": 5 },
        "without": { "type": "array", "len": 2 },
        "place": { "type": "object" },
    });
    for client in [client(plain::Server, &recorder).await, client(watched::Server, &recorder).await]
    {
        for _ in 0..3 {
            call(&client, "echo", arguments.clone()).await.expect("a reply");
        }
        call(&client, "echo", json!({})).await.ok();
    }
    let calls = calls(&recorder);
    assert_eq!(calls.len(), 8);
    for (at, record) in calls.iter().enumerate() {
        let shape = record.request_params.as_ref().expect("arguments");
        if at % 4 < 3 {
            assert_eq!(fields(record), expected);
            // `{"layout":"short","place":,"without":["a","b"]}`: nothing of what was taken away.
            assert_eq!((shape.bytes, shape.keys), (47, 3));
        } else {
            assert!(shape.missing.is_empty(), "an omitted field is not missing either");
        }
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 2, "once per plan");
    assert!(recorder.watch.stats().capture_faults >= before + 2);
}

#[tokio::test]
async fn d12_a_request_that_carries_on_another_is_marked() {
    let recorder = Recorder::start();
    for client in [client(plain::Server, &recorder).await, client(watched::Server, &recorder).await]
    {
        let text = json!({ "text": "x" }).as_object().cloned().unwrap_or_default();
        let first = CallToolRequestParams::new("echo").with_arguments(text);
        client.call_tool(first.clone()).await.expect("a reply");
        client.call_tool(first.with_request_state("secret state")).await.expect("a reply");
    }
    let marks: Vec<_> = calls(&recorder)
        .iter()
        .map(|record| other(record, "continuation").and_then(Value::as_bool))
        .collect();
    assert_eq!(marks, [None, Some(true), None, Some(true)]);
}

#[tokio::test]
async fn the_id_of_a_request_is_its_number_or_the_hash_of_its_text() {
    let recorder = Recorder::start();
    let mut stream = BufReader::new(wrapped(watched::Server, &recorder));
    let initialize = json!({
        "jsonrpc": "2.0", "id": "start", "method": "initialize",
        "params": { "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "raw", "version": "1" } }
    });
    let call = |id: Value| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": "nothing", "arguments": {} } })
    };
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let requests = [initialize, call(json!(41)), call(json!("jane@example.com"))];
    for (at, request) in requests.into_iter().enumerate() {
        stream.write_all(format!("{request}\n").as_bytes()).await.expect("written");
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a reply");
        assert!(line.contains("result"), "{line}");
        if at == 0 {
            stream.write_all(format!("{initialized}\n").as_bytes()).await.expect("written");
        }
    }
    let calls = calls(&recorder);
    assert_eq!(other(&calls[0], "request_id"), Some(&json!(41)));
    let text = other(&calls[1], "request_id").and_then(Value::as_str).expect("a hash");
    assert!(text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit()), "{text}");
}
