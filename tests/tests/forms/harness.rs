//! Compiles a server twice and compares the two through a client in the same process.

#![expect(clippy::expect_used, reason = "a test stops at once")]

use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::{RoleClient, RunningService};
use rmcp::{ServerHandler, ServiceExt};
use serde_json::{Value, json};

/// Writes one server twice: as rmcp alone makes it, and watched.
///
/// Each tool is `[arguments of the attribute] { the fn }`.
macro_rules! servers {
    (
        [$($head:tt)*]
        $([$($args:tt)*] { $($tool:tt)* })*
    ) => {
        pub(crate) mod plain {
            use super::*;
            #[derive(Clone, Default)]
            pub(crate) struct Server(pub(crate) ());
            #[rmcp::tool_router(server_handler)]
            $($head)* {
                $($($tool)*)*
            }
        }
        pub(crate) mod watched {
            use super::*;
            #[derive(Clone, Default)]
            pub(crate) struct Server(pub(crate) ());
            #[rmcp::tool_router(server_handler)]
            $($head)* {
                $(#[toolwatch::watched_tool($($args)*)] $($tool)*)*
            }
        }
    };
}
pub(crate) use servers;

/// Asserts that both servers list the same tools and reply alike to every call.
pub(crate) async fn compare<P, W>(plain: P, watched: W, calls: &[(&'static str, Value)])
where
    P: ServerHandler,
    W: ServerHandler,
{
    let (plain, watched) = (connect(plain).await, connect(watched).await);
    let (expected, listed) = (list(&plain).await, list(&watched).await);
    assert!(!expected.is_empty(), "a server without tools proves nothing");
    assert_eq!(pretty(expected), pretty(listed));
    for (tool, arguments) in calls {
        let expected = call(&plain, tool, arguments).await;
        let replied = call(&watched, tool, arguments).await;
        assert_eq!(expected, replied, "reply of `{tool}` to {arguments}");
    }
}

type Client = RunningService<RoleClient, ()>;

async fn connect(server: impl ServerHandler) -> Client {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    ().serve(client_side).await.expect("the client connects")
}

async fn list(client: &Client) -> Vec<Value> {
    let tools = client.list_all_tools().await.expect("tools are listed");
    let mut tools: Vec<Value> = tools.iter().map(|tool| without_intent(json!(tool))).collect();
    tools.sort_by_key(|tool| tool["name"].to_string());
    tools
}

/// The tool as the author declared it, without the injected property.
fn without_intent(mut tool: Value) -> Value {
    if let Some(properties) = tool["inputSchema"]["properties"].as_object_mut() {
        properties.remove("context");
    }
    tool
}

async fn call(client: &Client, tool: &'static str, arguments: &Value) -> String {
    let mut params = CallToolRequestParams::new(tool);
    params.arguments = arguments.as_object().cloned();
    match client.call_tool(params).await {
        Ok(reply) => format!("{:#}", json!(reply)),
        Err(error) => format!("{error}"),
    }
}

fn pretty(tools: Vec<Value>) -> String {
    format!("{:#}", Value::Array(tools))
}

/// An object for tools that take `JsonObject`.
pub(crate) fn keys(object: &JsonObject) -> String {
    object.keys().cloned().collect::<Vec<_>>().join(",")
}
