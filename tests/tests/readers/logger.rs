//! `ServerLogger` in both protocol eras, over a real connection.

use serde_json::{Value, json};
use toolwatch_tests::wrapped::{Era, Lines};

use crate::shop::{Shop, offline};

/// The levels that reach the client before the reply to `chatty`.
async fn heard(lines: &mut Lines, params: Value) -> Vec<String> {
    let id = lines.send_request("tools/call", params).await.expect("sent");
    let mut levels = Vec::new();
    loop {
        let line = lines.line().await.expect("in time").expect("a line");
        let message: Value = serde_json::from_str(&line).expect("JSON");
        if message["id"] == json!(id) {
            assert_eq!(message["result"]["isError"], Value::Bool(false), "{line}");
            return levels;
        }
        if message["method"] == "notifications/message" {
            assert_eq!(message["params"]["logger"], "shop");
            levels.push(message["params"]["level"].as_str().expect("a level").to_owned());
        }
    }
}

fn chatty() -> Value {
    json!({ "name": "chatty", "arguments": {} })
}

const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

#[tokio::test]
async fn a_session_hears_from_info_on_and_then_from_the_level_that_it_asked_for() {
    let watch = offline().metrics_resource(true).build().expect("a watch");
    let server = watch.wrap(Shop::default());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a session");
    assert_eq!(heard(&mut lines, chatty()).await, LEVELS[1..]);
    for (at, level) in LEVELS.iter().enumerate() {
        let reply = lines.request("logging/setLevel", json!({ "level": level })).await;
        let reply: Value = serde_json::from_str(&reply.expect("a reply")).expect("JSON");
        assert!(reply["error"].is_null(), "{reply}");
        assert_eq!(heard(&mut lines, chatty()).await, LEVELS[at..]);
    }
}

#[tokio::test]
async fn the_level_of_one_session_is_not_that_of_another() {
    let watch = offline().metrics_resource(true).build().expect("a watch");
    let start = || Lines::of(watch.wrap(Shop::default()), Era::Session).start();
    let mut first = start().await.expect("a session");
    let mut second = start().await.expect("a session");
    first.request("logging/setLevel", json!({ "level": "emergency" })).await.expect("a reply");
    assert_eq!(heard(&mut first, chatty()).await, LEVELS[7..]);
    assert_eq!(heard(&mut second, chatty()).await, LEVELS[1..]);
}

#[tokio::test]
async fn a_stateless_request_hears_what_its_meta_asks_for_and_nothing_without() {
    let watch = offline().metrics_resource(true).build().expect("a watch");
    let server = watch.wrap(Shop::default());
    let mut lines = Lines::of(server, Era::Stateless).start().await.expect("a connection");
    assert_eq!(heard(&mut lines, chatty()).await, [""; 0]);
    let mut params = chatty();
    params["_meta"]["io.modelcontextprotocol/logLevel"] = json!("critical");
    assert_eq!(heard(&mut lines, params).await, LEVELS[5..]);
    assert_eq!(heard(&mut lines, chatty()).await, [""; 0]);
}

#[tokio::test]
async fn a_server_that_does_not_declare_logging_refuses_a_level_as_before() {
    #[derive(Clone)]
    struct Silent;
    impl rmcp::ServerHandler for Silent {}
    let watch = offline().metrics_resource(true).build().expect("a watch");
    let mut lines = Lines::of(watch.wrap(Silent), Era::Session).start().await.expect("a session");
    let reply = lines.request("logging/setLevel", json!({ "level": "info" })).await;
    let reply: Value = serde_json::from_str(&reply.expect("a reply")).expect("JSON");
    assert_eq!(reply["error"]["code"], -32601, "{reply}");
}
