//! C: the missing-tool report.

use rmcp::ServerHandler;
use serde_json::{Value, json};
use toolwatch_tests::observed::{Recorder, offline};
use toolwatch_tests::wrapped::{Era, Lines, of_type, summary};

use crate::servers::{Hand, Mixed, text_tool};

const NAME: &str = "report_missing";

fn recorder() -> Recorder {
    Recorder::with(|builder| builder.missing_tool_report(NAME))
}

async fn lines(server: impl ServerHandler) -> Lines {
    Lines::of(server, Era::Session).start().await.expect("the handshake")
}

async fn page(lines: &mut Lines, params: Value) -> Vec<String> {
    let line = lines.request("tools/list", params).await.expect("a list");
    let listed: Value = serde_json::from_str(&line).expect("JSON");
    let tools = listed["result"]["tools"].as_array().expect("tools").iter();
    tools.map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn c1_the_report_is_listed_once_per_listing_and_on_the_last_page() {
    let recorder = recorder();
    let server = Hand::new(vec![vec![text_tool("one")], vec![text_tool("two")]]);
    let mut client = lines(recorder.watch.wrap(server)).await;
    for _ in 0..2 {
        assert_eq!(page(&mut client, json!({})).await, ["one"]);
        assert_eq!(page(&mut client, json!({ "cursor": "1" })).await, ["two", NAME]);
    }
    let mut client = lines(recorder.watch.wrap_with_router(Mixed::new(), Mixed::router())).await;
    let listed = page(&mut client, json!({})).await;
    assert_eq!(listed.iter().filter(|name| *name == NAME).count(), 1);
    let mut client = lines(recorder.watch.wrap(recorder.watch.wrap(Mixed::new()))).await;
    let listed = page(&mut client, json!({})).await;
    assert_eq!(listed.iter().filter(|name| *name == NAME).count(), 1, "two wrappers");
}

#[tokio::test]
async fn c1_without_the_option_nothing_is_added() {
    let recorder = Recorder::start();
    let mut client = lines(recorder.watch.wrap(Hand::new(vec![vec![text_tool("one")]]))).await;
    assert_eq!(page(&mut client, json!({})).await, ["one"]);
    let reply = client.call(NAME, json!({})).await.expect("a reply");
    assert!(reply["error"].is_object());
}

#[tokio::test]
async fn c2_missing_null_and_extra_arguments_are_tolerated() {
    let recorder = recorder();
    let mut client = lines(recorder.watch.wrap(Hand::new(vec![]))).await;
    page(&mut client, json!({})).await;
    for params in [
        json!({ "name": NAME }),
        json!({ "name": NAME, "arguments": {} }),
        json!({ "name": NAME, "arguments": { "context": null } }),
        json!({ "name": NAME, "arguments": { "context": ["x"], "more": 1 } }),
        json!({ "name": NAME, "arguments": { "context": "a tool that mails" } }),
    ] {
        let line = client.request("tools/call", params).await.expect("a reply");
        let reply: Value = serde_json::from_str(&line).expect("JSON");
        assert_ne!(reply["result"]["isError"], json!(true), "{reply}");
        assert!(reply["result"]["content"][0]["text"].is_string(), "{reply}");
    }
    let reports = of_type(&recorder.records(), "missing_tool");
    let lines: Vec<_> = reports.iter().map(summary).collect();
    assert_eq!(lines, vec![format!("missing_tool tools/call {NAME} ok"); 5]);
    assert_eq!(reports[4].intent(), Some("a tool that mails"));
    assert!(reports[..4].iter().all(|report| report.intent().is_none()));
    assert!(of_type(&recorder.records(), "tool_call").is_empty());
}

/// What the author's own tool of the report's name answers to `{"text": "x"}`.
async fn own(client: &mut Lines) -> Value {
    let reply =
        client.call(NAME, json!({ "text": "x", "context": "mine" })).await.expect("a reply");
    let text = reply["result"]["content"][0]["text"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn mine() -> Value {
    json!({ "text": "x", "context": "mine" })
}

#[tokio::test]
async fn c4_a_tool_of_the_authors_with_that_name_wins_on_whatever_page_it_is() {
    for at in 0..2 {
        for has_get_tool in [false, true] {
            let recorder = recorder();
            let mut pages = vec![vec![text_tool("one")], vec![text_tool("two")]];
            pages[at].push(text_tool(NAME));
            let mut server = Hand::new(pages);
            server.has_get_tool = has_get_tool;
            let mut client = lines(recorder.watch.wrap(server)).await;
            // Called before it is listed as well as after.
            assert_eq!(own(&mut client).await, mine(), "page {at}, before");
            let mut listed = page(&mut client, json!({})).await;
            listed.extend(page(&mut client, json!({ "cursor": "1" })).await);
            assert_eq!(listed.iter().filter(|name| *name == NAME).count(), 1);
            assert_eq!(own(&mut client).await, mine(), "page {at}, after");
            assert!(of_type(&recorder.records(), "missing_tool").is_empty());
            assert_eq!(of_type(&recorder.records(), "tool_call").len(), 2);
        }
    }
}

#[tokio::test]
async fn c4_a_tool_of_that_name_that_is_never_listed_wins_before_the_report_is_advertised() {
    let recorder = recorder();
    let mut server = Hand::new(vec![vec![text_tool("one")]]);
    server.unlisted.push(NAME);
    let mut client = lines(recorder.watch.wrap(server)).await;
    assert_eq!(own(&mut client).await, mine());
    let records = of_type(&recorder.records(), "tool_call");
    assert_eq!(
        records.iter().map(summary).collect::<Vec<_>>(),
        ["tool_call tools/call _unknown ok"]
    );
}

#[tokio::test]
async fn c4_a_tool_that_get_tool_knows_is_never_shadowed_in_the_list() {
    let recorder = recorder();
    // `get_tool` knows it, no page has it.
    struct Hidden(Hand);
    impl ServerHandler for Hidden {
        fn get_info(&self) -> rmcp::model::ServerConfig {
            self.0.get_info()
        }
        fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
            (name == NAME).then(|| text_tool(NAME))
        }
        async fn list_tools(
            &self,
            request: Option<rmcp::model::PaginatedRequestParams>,
            context: rmcp::service::RequestContext<rmcp::RoleServer>,
        ) -> Result<rmcp::model::ListToolsResult, rmcp::ErrorData> {
            self.0.list_tools(request, context).await
        }
    }
    let mut client =
        lines(recorder.watch.wrap(Hidden(Hand::new(vec![vec![text_tool("one")]])))).await;
    assert_eq!(page(&mut client, json!({})).await, ["one"]);
}

#[tokio::test]
async fn c1_the_report_is_answered_before_anybody_has_listed() {
    let recorder = recorder();
    for era in [Era::Session, Era::Stateless] {
        let server = recorder.watch.wrap(Mixed::new());
        let mut client = Lines::of(server, era).start().await.expect("a start");
        let reply = client.call(NAME, json!({ "context": "more" })).await.expect("a reply");
        assert_eq!(reply["result"]["content"][0]["text"], "Noted.");
    }
    let hand = recorder.watch.wrap(Hand::new(vec![]));
    let reply = lines(hand).await.call(NAME, json!({ "context": "more" })).await.expect("a reply");
    assert_eq!(reply["result"]["content"][0]["text"], "Noted.");
    let reports = of_type(&recorder.records(), "missing_tool");
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report.intent() == Some("more")));
}

#[test]
fn a2_c4_a_name_that_clients_would_refuse_is_a_configuration_error() {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["two words", "ä", "1st", &"x".repeat(33)] {
        let built = offline().local().directory(directory.path()).missing_tool_report(name).build();
        assert!(built.expect_err("an error").is_configuration(), "{name}");
    }
    let get = offline().local().directory(directory.path()).missing_tool_report("get-more.tools_1");
    assert!(get.build().is_ok());
}
