//! A fault in what the wrapper asks of its own accord costs no reply.

use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Tool};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use toolwatch_tests::observed::{Recorder, text};
use toolwatch_tests::wrapped::{connect, of_type};

/// A server whose `get_tool`, which no request over this transport needs, panics.
struct Brittle;

impl ServerHandler for Brittle {
    fn get_tool(&self, name: &str) -> Option<Tool> {
        panic!("no definition of {name}")
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let reply = ContentBlock::text(format!("served {}", request.name));
        Ok(CallToolResult::success(vec![reply]).into())
    }
}

#[tokio::test]
async fn j6_a_lookup_that_panics_costs_neither_reply_nor_event() {
    let recorder = Recorder::with(|builder| builder.missing_tool_report("report"));
    let client = connect(recorder.watch.wrap(Brittle)).await;
    let reply = client.call_tool(CallToolRequestParams::new("any")).await.expect("a reply");
    assert_eq!(text(&reply), "served any");
    let calls = of_type(&recorder.records(), "tool_call");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].event_name, "_unknown");
    assert!(recorder.watch.stats().capture_faults > 0, "the panic is counted");
}
