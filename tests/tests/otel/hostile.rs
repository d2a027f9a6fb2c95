//! Strings that break lines, terminals and headers, through every text of a caller's.

use serde_json::{Value, json};
use toolwatch::RemoteParent;
use toolwatch_tests::hostile::payloads;
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::{Era, Lines};

use super::nest::{calls, watch};

fn is_harmless(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Each payload is a tool's name, an argument and its key, a client's name and version, a trace
/// state and a request's id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_control_byte_of_a_caller_reaches_a_span_or_a_metric() {
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| builder.trust_remote_parent(RemoteParent::Parent));
    let server = watch.wrap(watched::Server);
    let mut lines = Lines::of(server, Era::Stateless).start().await.expect("a start");
    let payloads = payloads();
    for payload in &payloads {
        for tool in ["echo", payload.as_str()] {
            let mut params = json!({
                "name": tool,
                "arguments": { "text": payload, payload: payload },
                "_meta": {
                    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01",
                    "tracestate": format!("a={payload}"),
                },
            });
            params = Era::Stateless.params(params, payload);
            params["_meta"]["io.modelcontextprotocol/clientInfo"]["version"] = json!(payload);
            let id = json!(format!("{payload}-{}", tool == "echo"));
            let call =
                json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
            lines.send(&call).await.expect("sent");
            loop {
                let line = lines.line().await.expect("in time").expect("a line");
                let reply: Value = serde_json::from_str(&line).expect("JSON");
                if reply["id"] == id {
                    break;
                }
            }
        }
    }
    let spans = sdk.spans();
    assert_eq!(calls(&spans).len(), 2 * payloads.len());
    for span in &spans {
        assert!(["tools/call echo", "tools/call _unknown"].contains(&&*span.name), "{span:?}");
        assert!(span.span_context.trace_state().header().is_empty());
        for (name, value) in attributes(&span.attributes) {
            let texts = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let is_harmless = texts.iter().filter_map(Value::as_str).all(is_harmless);
            assert!(is_harmless && self::is_harmless(&name), "{name}: {value:?}");
        }
    }
    let [_, metrics] = sdk.exported();
    assert!(is_harmless(&metrics) && !metrics.contains("\\u"));
    let collected = sdk.metrics();
    let series = super::metrics::sums(&collected, "toolwatch.tool.calls").len();
    assert!(series <= 4, "{series} series: a caller made them grow");
    println!("otel: {} hostile texts, {} spans, {series} series", payloads.len(), spans.len());
}
