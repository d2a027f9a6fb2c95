//! Tools that are never captured, in a server that is watched as a whole (A1).

use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::json;
use toolwatch::watched_tool;
use toolwatch_tests::observed::{Client, Recorder, call, connect, schema};

/// Without parameters, so that rmcp would give all three tools the same schema.
#[derive(Clone)]
struct Mixed;

#[tool_router]
impl Mixed {
    /// Never captured.
    #[watched_tool(skip)]
    #[tool]
    async fn skipped(&self) -> String {
        "skipped".to_owned()
    }

    /// Captured by its attribute.
    #[watched_tool]
    #[tool]
    async fn watched(&self) -> String {
        "watched".to_owned()
    }

    /// Captured by the wrapper.
    #[tool]
    async fn plain(&self) -> String {
        "plain".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Mixed {}

async fn called(recorder: &Recorder, client: &Client) -> Vec<String> {
    for tool in ["skipped", "watched", "plain", "skipped"] {
        call(client, tool, json!({})).await.expect("a reply");
    }
    let records = json!(recorder.records());
    let records = records.as_array().expect("a list").iter();
    records
        .filter(|record| record["mcp_method"] == "tools/call")
        .map(|record| record["event_name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a1_a_skipped_tool_is_left_out_by_a_watch_around_the_server() {
    let unwatched = connect(Mixed, &toolwatch::Watch::disabled()).await;
    let own = schema(&unwatched, "skipped").await;
    for lists_first in [false, true] {
        let recorder = Recorder::start();
        let client = connect(recorder.watch.wrap(Mixed), &recorder.watch).await;
        if lists_first {
            assert_eq!(schema(&client, "skipped").await, own);
        }
        assert_eq!(called(&recorder, &client).await, ["watched", "plain"]);
        let recorder = Recorder::start();
        let server = recorder.watch.wrap_with_router(Mixed, Mixed::tool_router());
        let client = connect(server, &recorder.watch).await;
        assert_eq!(called(&recorder, &client).await, ["watched", "plain"]);
    }
}
