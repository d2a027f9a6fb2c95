//! B: the intent and the schemas of a whole server.

use rmcp::ServerHandler;
use rmcp::model::Tool;
use serde_json::{Value, json};
use toolwatch::{IntentScope, Watch};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::wrapped::{Era, Lines, connect};

use crate::servers::{Hand, Mixed, text_tool, tool};

fn recorder(scope: IntentScope) -> Recorder {
    Recorder::with(|builder| builder.intent_scope(scope))
}

async fn lines(server: impl ServerHandler) -> Lines {
    Lines::of(server, Era::Session).start().await.expect("the handshake")
}

async fn list(lines: &mut Lines) -> Value {
    let line = lines.request("tools/list", json!({})).await.expect("a list");
    serde_json::from_str::<Value>(&line).expect("JSON")["result"].clone()
}

/// The names of the listed tools that ask for the intent.
async fn asking(server: impl ServerHandler) -> Vec<String> {
    let listed = list(&mut lines(server).await).await;
    let tools = listed["tools"].as_array().expect("tools").iter();
    let asks = |tool: &&Value| tool["inputSchema"]["properties"]["context"].is_object();
    let mut names: Vec<_> = tools
        .filter(asks)
        .map(|tool| tool["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    names.sort_unstable();
    names
}

fn wrapped(watch: &Watch, has_router: bool) -> impl ServerHandler {
    match has_router {
        true => watch.wrap_with_router(Mixed::new(), Mixed::router()),
        false => watch.wrap(Mixed::new()),
    }
}

#[tokio::test]
async fn b1_the_scope_says_which_tools_of_a_server_ask() {
    let only = IntentScope::Only(vec!["plain".to_owned(), "sync".to_owned()]);
    // `count` has the attribute with `intent = off`, `private` is skipped, both whatever the scope.
    for (scope, expected) in [
        (IntentScope::Attributed, vec!["typed"]),
        (IntentScope::All, vec!["async", "dynamic", "plain", "sync", "typed"]),
        (only, vec!["plain", "sync"]),
        (IntentScope::None, vec![]),
    ] {
        for has_router in [false, true] {
            let recorder = recorder(scope.clone());
            let asking = asking(wrapped(&recorder.watch, has_router)).await;
            assert_eq!(asking, expected, "{scope:?}, router: {has_router}");
        }
    }
}

#[tokio::test]
async fn b10_the_intent_is_recorded_and_no_handler_sees_it_on_any_path() {
    for has_router in [false, true] {
        let recorder = recorder(IntentScope::All);
        let mut lines = lines(wrapped(&recorder.watch, has_router)).await;
        let asking = ["typed", "plain", "dynamic", "sync", "async"];
        for tool in asking.into_iter().chain(["count"]) {
            let arguments = json!({ "query": "q", "text": "x", "context": "why not" });
            let reply = lines.call(tool, arguments).await.expect("a reply").to_string();
            assert_eq!(reply.contains("why not"), tool == "count", "{tool}: {reply}");
        }
        let records = recorder.records();
        let calls = records.iter().filter(|record| record.event_type == "tool_call");
        for (record, tool) in calls.zip(asking) {
            assert_eq!(record.event_name, tool);
            assert_eq!(record.intent(), Some("why not"), "{tool}");
            let shape = record.request_params.as_ref().expect("arguments");
            assert_eq!(shape.keys, 2, "{tool}: the intent is no argument");
        }
    }
}

#[tokio::test]
async fn b10_a_server_without_get_tool_gets_no_intent_whether_it_was_listed_or_not() {
    let own = json!({ "type": "object", "properties": { "context": { "type": "string" } } });
    for is_listed in [false, true] {
        let recorder = recorder(IntentScope::All);
        let pages = vec![vec![text_tool("one")], vec![text_tool("two"), tool("own", &own)]];
        let server = Hand::new(pages);
        let mut client = lines(recorder.watch.wrap(server.clone())).await;
        if is_listed {
            list(&mut client).await;
            client.request("tools/list", json!({ "cursor": "1" })).await.expect("a list");
        }
        for tool in ["two", "own", "one"] {
            let arguments = json!({ "text": "x", "context": "why" });
            client.call(tool, arguments).await.expect("a reply");
        }
        let seen = server.seen.lock().expect("arguments").clone();
        let kept = json!({ "text": "x", "context": "why" });
        assert_eq!(json!(seen), json!([{ "text": "x" }, kept, { "text": "x" }]));
        let records = recorder.records();
        let calls = records.iter().filter(|record| record.event_type == "tool_call");
        let calls: Vec<_> = calls.map(|call| (call.event_name.as_str(), call.intent())).collect();
        assert_eq!(calls, [("two", Some("why")), ("own", None), ("one", Some("why"))]);
        let lists = records.iter().filter(|record| record.event_type == "tools_list").count();
        assert_eq!(lists, if is_listed { 2 } else { 0 }, "what the wrapper asks is no event");
    }
}

#[tokio::test]
async fn b3_b4_a_context_of_the_tools_own_and_unions_at_the_root_are_left_alone() {
    let own = json!({ "type": "object", "properties": { "context": { "type": "string" } } });
    let union =
        json!({ "type": "object", "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] });
    let pages = vec![vec![tool("own", &own), tool("union", &union), text_tool("one")]];
    let server = Hand::new(pages).with_get_tool();
    let recorder = recorder(IntentScope::All);
    let mut client = lines(recorder.watch.wrap(server.clone())).await;
    let listed = list(&mut client).await;
    assert_eq!(listed["tools"][0]["inputSchema"], own);
    assert_eq!(listed["tools"][1]["inputSchema"], union);
    assert!(listed["tools"][2]["inputSchema"]["properties"]["context"].is_object());
    for name in ["own", "union"] {
        client.call(name, json!({ "context": "mine" })).await.expect("a reply");
    }
    let seen = server.seen.lock().expect("arguments").clone();
    assert_eq!(json!(seen), json!([{ "context": "mine" }, { "context": "mine" }]));
    let records = recorder.records();
    let text = json!(records).to_string();
    assert!(!text.contains("mine"), "the tool's own argument is no intent: {text}");
}

#[tokio::test]
async fn b6_injection_happens_once_and_changes_no_definition_of_the_author() {
    let recorder = recorder(IntentScope::All);
    let server = Hand::new(vec![vec![text_tool("one"), text_tool("two")]]).with_get_tool();
    let before: Vec<Tool> = server.pages.lock().expect("pages")[0].clone();
    let watched = recorder.watch.wrap(server.clone());
    let advertised = watched.get_tool("one").expect("a tool").input_schema;
    let mut client = lines(watched.clone()).await;
    let first = list(&mut client).await;
    assert_eq!(first, list(&mut client).await);
    assert_eq!(json!(*advertised), first["tools"][0]["inputSchema"]);
    let again = watched.get_tool("one").expect("a tool").input_schema;
    assert!(std::sync::Arc::ptr_eq(&advertised, &again), "made once");
    assert_eq!(before, server.pages.lock().expect("pages")[0]);
    assert!(before.iter().all(|tool| !json!(tool).to_string().contains("context")));
}

#[tokio::test]
async fn b6_get_tool_says_what_the_list_says() {
    for scope in [IntentScope::Attributed, IntentScope::All, IntentScope::None] {
        for has_router in [false, true] {
            let recorder = recorder(scope.clone());
            let watch = &recorder.watch;
            let lookups: Vec<_> = {
                let server = wrapped(watch, has_router);
                let names = ["async", "count", "dynamic", "plain", "private", "sync", "typed"];
                names.iter().map(|name| server.get_tool(name).expect("a tool")).collect()
            };
            let client = connect(wrapped(watch, has_router)).await;
            assert_eq!(json!(client.list_all_tools().await.expect("a list")), json!(lookups));
        }
    }
}

#[tokio::test]
async fn b13_pages_cursors_meta_and_order_pass_through() {
    let pages = vec![vec![text_tool("b"), text_tool("a")], vec![text_tool("c")], vec![]];
    let recorder = recorder(IntentScope::None);
    let (mut plain, mut watched) =
        (lines(Hand::new(pages.clone())).await, lines(recorder.watch.wrap(Hand::new(pages))).await);
    for params in [json!({}), json!({ "cursor": "1" }), json!({ "cursor": "2" })] {
        let expected = plain.request("tools/list", params.clone()).await.expect("a list");
        assert_eq!(watched.request("tools/list", params).await.expect("a list"), expected);
        assert!(expected.contains("18446744073709551615"));
    }
    let listings: Vec<_> = recorder
        .records()
        .into_iter()
        .filter_map(|mut record| record.attributes.others.remove("listing"))
        .collect();
    let page =
        |at: usize| (&listings[at]["items"], &listings[at]["continued"], &listings[at]["more"]);
    assert_eq!(page(0), (&json!(2), &Value::Null, &json!(true)));
    assert_eq!(page(1), (&json!(1), &json!(true), &json!(true)));
    assert_eq!(page(2), (&json!(0), &json!(true), &Value::Null));
}

#[tokio::test]
async fn b13_a_change_of_a_tool_is_listed_at_once() {
    let recorder = recorder(IntentScope::All);
    let server = Hand::new(vec![vec![text_tool("one")]]).with_get_tool();
    let mut client = lines(recorder.watch.wrap(server.clone())).await;
    let before = list(&mut client).await;
    let schema = json!({ "type": "object", "properties": { "count": { "type": "integer" } } });
    server.set(vec![vec![tool("one", &schema)]]);
    let after = list(&mut client).await;
    assert_ne!(before, after);
    assert!(after["tools"][0]["inputSchema"]["properties"]["count"].is_object());
    assert!(after["tools"][0]["inputSchema"]["properties"]["context"].is_object());
    client.call("one", json!({ "count": "x", "context": "why" })).await.expect("a reply");
    let records = recorder.records();
    let call = records.iter().find(|record| record.event_type == "tool_call").expect("a call");
    let fault = call.request_params.as_ref().and_then(|shape| shape.schema_error.clone());
    assert_eq!(fault.expect("a fault").path, "count");
}

/// SEP-2243: rmcp looks a tool up to compare headers with arguments.
#[tokio::test]
async fn b6_headers_that_mirror_arguments_are_validated_as_without_the_wrapper() {
    let property = json!({ "type": "string", "x-mcp-header": "Region" });
    let schema = json!({ "type": "object", "properties": { "region": property } });
    let server = Hand::new(vec![vec![tool("one", &schema)]]).with_get_tool();
    let recorder = recorder(IntentScope::All);
    let watch = recorder.watch.clone();
    let inner = server.clone();
    let plain = posts::serve(move || inner.clone()).await;
    let watched = posts::serve(move || watch.wrap(server.clone())).await;
    let mut replies = Vec::new();
    for address in [plain, watched] {
        for header in [Some("eu"), Some("us"), None] {
            let client = Posts::start(address, Era::Stateless, "posts").await.expect("a client");
            let mut client = match header {
                Some(region) => client.with_header("mcp-param-region", region),
                None => client,
            };
            replies.push(client.call("one", json!({ "region": "eu" })).await.expect("a reply"));
        }
    }
    assert_eq!(replies[..3], replies[3..]);
    assert!(replies[0]["result"].is_object() && replies[1]["error"].is_object(), "{replies:#?}");
}
