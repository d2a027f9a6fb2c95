//! What an agent does with the server: good calls, mistakes, repetition, impatience.

use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
    Implementation, ReadResourceRequestParams,
};
use rmcp::service::{PeerRequestOptions, RoleClient, RunningService, ServiceError};
use serde_json::{Value, json};

type Client = RunningService<RoleClient, ClientConfig>;
type Outcome = Result<(), ServiceError>;

/// How the client introduces itself.
pub(super) fn client() -> ClientConfig {
    ClientConfig::new(
        ClientCapabilities::default(),
        Implementation::new("quickstart-agent", "1.0.0"),
    )
}

/// Runs every step and says so on stderr.
pub(super) async fn run(client: &Client) -> Outcome {
    step("listing the tools");
    client.list_all_tools().await?;

    step("good calls, with the reason that the agent gives");
    for topic in ["ownership", "borrowing", "lifetimes"] {
        let arguments =
            json!({ "query": topic, "limit": "small", "context": "answer a question about Rust" });
        call(client, "search", arguments).await?;
    }
    call(client, "read_page", json!({ "title": "ownership" })).await?;

    step("a wrong type: limit is no page size");
    call(client, "search", json!({ "query": "traits", "limit": 10 })).await?;
    step("an argument that the tool does not have");
    call(client, "search", json!({ "query": "traits", "language": "en" })).await?;
    step("the same call, four times over");
    for _ in 0..4 {
        call(client, "search", json!({ "query": "macros", "cursor": "next" })).await?;
    }
    step("a tool error");
    call(client, "read_page", json!({ "title": "draft of chapter 9" })).await?;
    step("a slow call");
    call(client, "usage_report", json!({ "millis": 120 })).await?;
    step("a call that the client cancels");
    cancelled(client, "usage_report", json!({ "millis": 400 })).await?;
    step("a tool that panics, so that its reply never comes");
    unanswered(client, "reindex").await?;
    step("a tool that the author has opted out");
    call(client, "health", json!({})).await?;
    step("a tool that does not exist");
    call(client, "delete_page", json!({ "title": "ownership" })).await?;
    step("two pages as resources, one of them twice");
    client.list_all_resource_templates().await?;
    for uri in ["docs://page/ownership", "docs://page/traits", "docs://page/ownership"] {
        client.read_resource(ReadResourceRequestParams::new(uri)).await?;
    }
    Ok(())
}

fn step(text: &str) {
    eprintln!("  {text}");
}

fn request(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { return CallToolRequestParams::new(tool) };
    CallToolRequestParams::new(tool).with_arguments(arguments)
}

/// Calls a tool. That a tool answers with an error is part of the script.
async fn call(client: &Client, tool: &'static str, arguments: Value) -> Outcome {
    match client.call_tool(request(tool, arguments)).await {
        Ok(_) | Err(ServiceError::McpError(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Calls a tool and cancels the request before the tool is done.
async fn cancelled(client: &Client, tool: &'static str, arguments: Value) -> Outcome {
    let call = ClientRequest::CallToolRequest(CallToolRequest::new(request(tool, arguments)));
    let handle = client.send_cancellable_request(call, PeerRequestOptions::no_options()).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    handle.cancel(Some("the user has moved on".to_owned())).await?;
    tokio::time::sleep(Duration::from_millis(450)).await;
    Ok(())
}

/// Calls a tool whose reply will not come, and waits a moment for it all the same.
async fn unanswered(client: &Client, tool: &'static str) -> Outcome {
    let reply = tokio::time::timeout(
        Duration::from_millis(200),
        client.call_tool(request(tool, json!({}))),
    );
    match reply.await {
        Ok(Err(ServiceError::McpError(_)) | Ok(_)) | Err(_) => Ok(()),
        Ok(Err(error)) => Err(error),
    }
}
