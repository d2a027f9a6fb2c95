//! The resource `metrics://server` over a real connection.

use serde_json::{Value, json};
use toolwatch::Watch;
use toolwatch_tests::wrapped::{Era, Lines};

use crate::shop::{Shop, offline};

async fn ask(lines: &mut Lines, method: &str, params: Value) -> Value {
    let reply = lines.request(method, params).await.expect("a reply");
    serde_json::from_str(&reply).expect("JSON")
}

/// What the resource says.
async fn read(lines: &mut Lines) -> Value {
    let reply = ask(lines, "resources/read", json!({ "uri": "metrics://server" })).await;
    let contents = &reply["result"]["contents"][0];
    assert_eq!(contents["mimeType"], "application/json", "{reply}");
    serde_json::from_str(contents["text"].as_str().expect("a text")).expect("JSON")
}

fn with_numbers() -> Watch {
    // One connection is one session, as over stdio.
    let transport = toolwatch::event::Transport::Stdio;
    offline().transport(transport).metrics_resource(true).build().expect("a watch")
}

#[tokio::test]
async fn a_client_reads_the_same_numbers_as_the_registry_in_both_eras() {
    for era in [Era::Session, Era::Stateless] {
        let watch = with_numbers();
        assert!(watch.directory().is_none(), "numbers need no file");
        let mut lines = Lines::of(watch.wrap(Shop::default()), era).start().await.expect("a start");
        for text in ["a", "a", "a", "fail"] {
            lines.call("find", json!({ "text": text })).await.expect("a reply");
        }
        lines.call("find", json!({ "text": 7, "made_up": 1 })).await.expect("a reply");
        lines.call("slow", json!({})).await.expect("a reply");
        lines.call("no such tool\u{202e}", json!({})).await.expect("a reply");
        let numbers = read(&mut lines).await;
        let find = &numbers["tools"]["find"];
        assert_eq!((&find["calls"], &find["errors"]), (&json!(5), &json!(2)), "{numbers:#}");
        assert_eq!((&find["invalid"], &find["unknown_keys"]), (&json!(1), &json!(1)));
        assert_eq!(find["outcomes"]["ok"], 3);
        assert_eq!(find["repeats"], 2, "{era:?}");
        let slow = &numbers["tools"]["slow"];
        for name in ["avg_latency_ms", "p50_ms", "p95_ms", "p99_ms"] {
            let millis = slow[name].as_f64().expect("a number");
            assert!((29.0..20_000.0).contains(&millis), "{name}: {millis}");
        }
        assert_eq!(numbers["tools"]["_unknown"]["outcomes"]["unknown_tool"], 1);
        assert!(numbers["uptime_seconds"].as_f64().expect("a number") > 0.0);

        let metrics = watch.metrics().expect("numbers");
        assert_eq!(metrics.tools.len(), 3);
        for tool in &metrics.tools {
            let told = &numbers["tools"][tool.name.as_str()];
            assert_eq!(
                (&told["calls"], &told["errors"]),
                (&json!(tool.calls()), &json!(tool.errors()))
            );
            assert_eq!((tool.durations.count(), tool.in_flight), (tool.calls(), 0));
        }
        assert_eq!(metrics.resource_reads, 1);
    }
}

#[tokio::test]
async fn the_resource_is_advertised_with_its_capability_and_only_when_asked_for() {
    for (is_on, watch) in [(true, with_numbers()), (false, offline().local_in_memory())] {
        for era in [Era::Session, Era::Stateless] {
            let mut lines = Lines::of(watch.wrap(Shop::default()), era);
            let (method, params) = match era {
                Era::Session => ("initialize", toolwatch_tests::wrapped::hello("lines")),
                Era::Stateless => ("server/discover", json!({})),
            };
            let hello = ask(&mut lines, method, params).await;
            let has_resources = !hello["result"]["capabilities"]["resources"].is_null();
            assert_eq!(has_resources, is_on, "{hello}");
            if era == Era::Session {
                lines.notify("notifications/initialized", json!({})).await.expect("sent");
            }
            let list = ask(&mut lines, "resources/list", json!({})).await;
            let uris = list["result"]["resources"].as_array().expect("a list").len();
            assert_eq!(uris, usize::from(is_on), "{list}");
            let reply =
                ask(&mut lines, "resources/read", json!({ "uri": "metrics://server" })).await;
            assert_eq!(reply["error"].is_null(), is_on, "{reply}");
        }
    }
}

#[tokio::test]
async fn a_resource_of_the_authors_own_with_that_uri_wins() {
    let server = with_numbers().wrap(Shop { has_own: true });
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a start");
    let list = ask(&mut lines, "resources/list", json!({})).await;
    let names: Vec<_> = list["result"]["resources"].as_array().expect("a list").to_vec();
    assert_eq!((names.len(), &names[0]["name"]), (1, &json!("own")));
    let reply = ask(&mut lines, "resources/read", json!({ "uri": "metrics://server" })).await;
    assert_eq!(reply["result"]["contents"][0]["text"], "mine");
}

#[tokio::test]
async fn other_resources_are_refused_as_before() {
    let server = with_numbers().wrap(Shop::default());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a start");
    let reply = ask(&mut lines, "resources/read", json!({ "uri": "metrics://other" })).await;
    assert_eq!(reply["error"]["message"], "no such resource", "{reply}");
}

/// A watch that is on and has no resource.
trait LocalInMemory {
    fn local_in_memory(self) -> Watch;
}

impl LocalInMemory for toolwatch::WatchBuilder {
    fn local_in_memory(self) -> Watch {
        self.log(toolwatch::LogTarget::Tracing).build().expect("a watch")
    }
}
