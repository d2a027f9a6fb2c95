//! D1: how calls end for tools that have neither attribute nor macro.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::wrapped::{Era, Lines, PATIENCE, of_type, records_when, summary};

use crate::servers::{Mixed, text_tool};

/// Whether the one call that waits has begun.
static WAITS: AtomicBool = AtomicBool::new(false);

/// A dynamic tool that ends as its argument says.
fn moody() -> ToolRouter<Mixed> {
    let route = ToolRoute::new_dyn(text_tool("moody"), |context| {
        Box::pin(async move {
            let arguments = json!(context.arguments);
            match arguments["text"].as_str() {
                Some("panic") => panic!("as asked"),
                Some("protocol") => Err(ErrorData::internal_error("as asked", None)),
                Some("wait") => {
                    WAITS.store(true, Ordering::Relaxed);
                    std::future::pending().await
                }
                Some("fail") => Ok(CallToolResult::error(vec![ContentBlock::text("no")]).into()),
                _ => Ok(CallToolResult::success(vec![ContentBlock::text("yes")]).into()),
            }
        })
    });
    Mixed::router().with_route(route)
}

async fn outcomes(calls: &[(&'static str, Value)]) -> Vec<String> {
    let recorder = Recorder::start();
    let server = recorder.watch.wrap_with_router(Mixed::new(), moody());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("the handshake");
    for (tool, arguments) in calls {
        let params = json!({ "name": tool, "arguments": arguments });
        lines.send_request("tools/call", params).await.expect("sent");
        lines.request("ping", json!({})).await.expect("a reply");
    }
    let is_done = |records: &[_]| of_type(records, "tool_call").len() >= calls.len();
    let records = records_when(&recorder, is_done).await;
    of_type(&records, "tool_call").iter().map(summary).collect()
}

#[tokio::test]
async fn d1_arguments_that_do_not_fit_are_told_for_tools_of_traits() {
    let bad = json!({ "query": 7 });
    let seen = outcomes(&[("sync", bad.clone()), ("async", bad), ("sync", json!({}))]).await;
    let end = |tool| format!("tool_call tools/call {tool} invalid_arguments");
    assert_eq!(seen, [end("sync"), end("async"), end("sync")]);
}

#[tokio::test]
async fn d1_every_end_of_a_dynamic_tool_is_one_event() {
    let ends = ["fine", "fail", "protocol", "panic"];
    let calls: Vec<_> = ends.iter().map(|end| ("moody", json!({ "text": end }))).collect();
    let seen = outcomes(&calls).await;
    let expected = ["ok", "tool_error", "protocol_error", "panic"];
    assert_eq!(seen, expected.map(|end| format!("tool_call tools/call moody {end}")));
}

#[tokio::test]
async fn d1_a_dynamic_tool_that_is_left_running_is_dropped_with_its_runtime() {
    let recorder = Recorder::start();
    let watch = recorder.watch.clone();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let _lines = runtime
        .spawn(async move {
            let server = watch.wrap_with_router(Mixed::new(), moody());
            let mut lines = Lines::of(server, Era::Session).start().await.expect("a start");
            let params = json!({ "name": "moody", "arguments": { "text": "wait" } });
            lines.send_request("tools/call", params).await.expect("sent");
            // The reply to a later request would not tell that the handler of this one has begun.
            let begun = async {
                while !WAITS.load(Ordering::Relaxed) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(PATIENCE, begun).await.expect("the call begins");
            lines
        })
        .await
        .expect("the call is under way");
    tokio::task::spawn_blocking(move || drop(runtime)).await.expect("the end of the runtime");
    let calls: Vec<_> = of_type(&recorder.records(), "tool_call").iter().map(summary).collect();
    assert_eq!(calls, ["tool_call tools/call moody dropped"]);
}
