//! Whether the advertised tools change, as digests in the event of a list.

use rmcp::ServerHandler;
use rmcp::model::Tool;
use serde_json::{Map, Value, json};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::wrapped::{Era, Lines, of_type};

use crate::servers::{Hand, Mixed, text_tool, tool};

async fn lines(server: impl ServerHandler) -> Lines {
    Lines::of(server, Era::Session).start().await.expect("the handshake")
}

async fn list(lines: &mut Lines, pages: usize) {
    for page in 0..pages {
        let params = if page == 0 { json!({}) } else { json!({ "cursor": page.to_string() }) };
        lines.request("tools/list", params).await.expect("a list");
    }
}

fn listings(recorder: &Recorder) -> Vec<Value> {
    let lists = of_type(&recorder.records(), "tools_list").into_iter();
    lists.map(|list| list.attributes.others["listing"].clone()).collect()
}

/// The digest of a server's list and of each tool.
async fn surface(pages: Vec<Vec<Tool>>) -> (Value, Map<String, Value>) {
    let recorder = Recorder::start();
    let count = pages.len();
    list(&mut lines(recorder.watch.wrap(Hand::new(pages))).await, count).await;
    let last = listings(&recorder).pop().expect("a list");
    (last["surface_hash"].clone(), last["tools"].as_object().cloned().expect("digests"))
}

#[tokio::test]
async fn the_digest_of_a_list_depends_on_its_tools_alone() {
    let (one, two) = (text_tool("one"), text_tool("two"));
    let (hash, tools) = surface(vec![vec![one.clone(), two.clone()]]).await;
    assert_eq!(hash.as_str().map(str::len), Some(16));
    // Other runs, other keys, other orders, other pages.
    assert_eq!(surface(vec![vec![two.clone(), one.clone()]]).await, (hash.clone(), tools.clone()));
    assert_eq!(
        surface(vec![vec![two.clone()], vec![one.clone()]]).await,
        (hash.clone(), tools.clone())
    );
    let described = Tool::new("two", "Does something else.", two.input_schema.clone());
    let widened = tool("two", &json!({ "type": "object", "properties": {} }));
    for other in [described, widened] {
        let (changed, digests) = surface(vec![vec![one.clone(), other]]).await;
        assert_ne!(changed, hash);
        assert_eq!((&digests["one"], digests["two"] == tools["two"]), (&tools["one"], false));
    }
    assert_ne!(surface(vec![vec![one]]).await.0, hash);
}

#[tokio::test]
async fn the_digest_is_the_same_in_another_process_and_with_another_configuration() {
    // From the source of these tests alone; a change of rmcp's or schemars' output would show here.
    let (hash, _) = surface(vec![vec![text_tool("one")]]).await;
    assert_eq!(hash, "ca8fbf5eb487b847");
    let recorder = Recorder::with(|builder| {
        builder.intent_scope(toolwatch::IntentScope::All).missing_tool_report("missing")
    });
    list(&mut lines(recorder.watch.wrap(Hand::new(vec![vec![text_tool("one")]]))).await, 1).await;
    assert_eq!(listings(&recorder)[0]["surface_hash"], hash, "what toolwatch adds is no drift");
}

#[tokio::test]
async fn digests_of_tools_are_told_at_first_and_on_change_only() {
    let recorder = Recorder::start();
    let server = Hand::new(vec![vec![text_tool("one")], vec![text_tool("two")]]);
    let watched = recorder.watch.wrap(server.clone());
    let mut client = lines(watched.clone()).await;
    list(&mut client, 2).await;
    list(&mut client, 2).await;
    // Another session of the same server knows what the first one listed.
    list(&mut lines(watched.clone()).await, 2).await;
    server.set(vec![vec![text_tool("one")], vec![text_tool("three")]]);
    list(&mut client, 2).await;
    list(&mut client, 2).await;
    let listings = listings(&recorder);
    assert_eq!(listings.len(), 10);
    for (at, listing) in listings.iter().enumerate() {
        let is_last_page = at % 2 == 1;
        assert_eq!(listing["surface_hash"].is_string(), is_last_page, "{at}");
        assert_eq!(listing["surface_changed"] == true, at == 7, "{at}");
        assert_eq!(listing["tools"].is_object(), [1, 7].contains(&at), "{at}");
    }
    assert_eq!(listings[1]["surface_hash"], listings[5]["surface_hash"]);
    assert_ne!(listings[1]["surface_hash"], listings[7]["surface_hash"]);
    assert_eq!(listings[1]["tools"]["one"], listings[7]["tools"]["one"]);
    assert!(listings[7]["tools"]["two"].is_null() && listings[7]["tools"]["three"].is_string());
}

#[tokio::test]
async fn attributes_routers_and_wrappers_agree_on_the_digests() {
    let mut seen = Vec::new();
    for has_router in [false, true] {
        let recorder = Recorder::start();
        match has_router {
            true => {
                let server = recorder.watch.wrap_with_router(Mixed::new(), Mixed::router());
                list(&mut lines(server).await, 1).await;
            }
            false => list(&mut lines(recorder.watch.wrap(Mixed::new())).await, 1).await,
        }
        seen.push(listings(&recorder)[0]["tools"].clone());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].as_object().map(Map::len), Some(7));
}

#[tokio::test]
async fn an_event_names_at_most_128_tools() {
    let names: Vec<&'static str> =
        (0..200).map(|number| &*Box::leak(format!("tool_{number:03}").into_boxed_str())).collect();
    let (_, tools) = surface(vec![names.iter().map(|name| text_tool(name)).collect()]).await;
    assert_eq!(tools.len(), 128);
}
