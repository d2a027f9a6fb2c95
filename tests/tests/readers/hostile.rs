//! Strings that break lines, terminals and expositions, through every text that a reader shows.

use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{CallToolResult, Tool};
use serde_json::{Value, json};
use std::sync::Arc;
use toolwatch_tests::hostile::payloads;
use toolwatch_tests::wrapped::{Era, Lines};

use crate::log::Seen;
use crate::shop::{Shop, offline};

fn is_harmless(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Each payload is a tool's name, an argument, a client's name, a session and a request's id.
#[tokio::test]
async fn no_control_byte_reaches_a_log_or_the_resource() {
    let seen = Seen::default();
    let _guard = seen.listen();
    let payloads = payloads();
    let mut router: ToolRouter<Shop> = Shop::tool_router();
    for payload in &payloads {
        let tool = Tool::new(payload.clone(), "Hostile.", Arc::new(Default::default()));
        router.add_route(ToolRoute::new_dyn(tool, |_| {
            Box::pin(async { Ok(CallToolResult::success(Vec::new()).into()) })
        }));
    }
    let watch = offline()
        .metrics_resource(true)
        .log(toolwatch::LogTarget::Tracing)
        .build()
        .expect("a watch");
    let server = watch.wrap_with_router(Shop::default(), router);
    let mut lines = Lines::of(server, Era::Stateless).start().await.expect("a start");
    for payload in &payloads {
        let mut params = json!({ "name": payload, "arguments": { payload: payload } });
        params["_meta"]["io.modelcontextprotocol/clientInfo"] =
            json!({ "name": payload, "version": payload });
        let id = json!(format!("{payload}-id"));
        let params = Era::Stateless.params(params, payload);
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        lines.send(&call).await.expect("sent");
        loop {
            let line = lines.line().await.expect("in time").expect("a line");
            let reply: Value = serde_json::from_str(&line).expect("JSON");
            if reply["id"] == id {
                assert!(reply["error"].is_null(), "{line}");
                break;
            }
        }
    }
    let seen = seen.0.lock().expect("a lock").clone();
    let members = seen.iter().filter_map(Value::as_object).flat_map(|event| event.values());
    let told: Vec<_> = members.filter_map(Value::as_str).collect();
    assert!(told.len() > payloads.len());
    for text in told {
        assert!(is_harmless(text), "{text:?}");
    }
    let params = json!({ "uri": "metrics://server" });
    let reply = lines.request("resources/read", params).await.expect("a reply");
    let reply: Value = serde_json::from_str(&reply).expect("JSON");
    let text = reply["result"]["contents"][0]["text"].as_str().expect("a text");
    let numbers: Value = serde_json::from_str(text).expect("JSON");
    let tools = numbers["tools"].as_object().expect("tools");
    let calls: u64 = tools.values().filter_map(|tool| tool["calls"].as_u64()).sum();
    assert_eq!(calls, payloads.len() as u64, "names that look alike are told apart");
    assert!(tools.keys().all(|name| !name.chars().any(char::is_control)), "{tools:#?}");
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{2028}']));
    println!("{} hostile texts, {} names of tools, {calls} calls", payloads.len(), tools.len());
}
