//! Rules of every level, on plain, nested, generic and opaque fields.

use std::collections::BTreeMap;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use toolwatch::{Exposed, Reveal, Shape};

use super::harness::{compare, servers};

#[derive(Deserialize, JsonSchema, Shape)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    query: String,
    page_size: Option<PageSize>,
    order: Order,
    api_token: Option<Secret>,
    filter: Option<Box<Filter>>,
    r#type: Vec<String>,
    labels: BTreeMap<String, String>,
    #[shape(opaque)]
    window: Option<Window>,
}

#[derive(Deserialize, JsonSchema, Shape)]
pub(crate) struct Filter {
    exact: bool,
    below: Option<Box<Filter>>,
    words: Vec<String>,
}

#[derive(Deserialize, JsonSchema, Shape)]
pub(crate) struct PageSize(u16);

impl Reveal for PageSize {
    const REASON: &'static str = "a page size says nothing about a person";

    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed::int(self.0.into()))
    }
}

#[derive(Debug, Deserialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
}

#[derive(Deserialize, JsonSchema, Shape)]
#[shape(ceiling = kind)]
pub(crate) struct Secret(String);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Window {
    days: u8,
}

fn text(search: &Search) -> String {
    let Search { query, page_size, order, api_token, filter, r#type, labels, window } = search;
    let (size, token) =
        (page_size.as_ref().map(|it| it.0), api_token.as_ref().map(|it| it.0.len()));
    let filter = filter.as_ref().map(|it| (it.exact, it.below.is_some(), it.words.len()));
    let days = window.as_ref().map(|it| it.days);
    format!("{query} {size:?} {order:?} {token:?} {filter:?} {type:?} {labels:?} {days:?}")
}

servers! {
    [impl Server]
    [args(
        query = hash,
        page_size = value,
        order = value + volatile,
        api_token = kind,
        filter.exact = value,
        filter.below.exact = value,
        filter.words = len,
        r#type = volatile,
        labels = volatile + hash,
        window = omit,
    )] {
        #[tool]
        async fn each_level(&self, Parameters(search): Parameters<Search>) -> String { text(&search) }
    }
    [deny_unlisted, args(
        query = len, page_size = value, order = value, api_token = omit, filter.exact = value, filter.words = hash,
        r#type = kind, labels = len, window = kind,
    )] {
        #[tool]
        fn every_field(search: Parameters<Search>) -> String { text(&search.0) }
    }
}

#[tokio::test]
async fn rules_change_no_reply() {
    let full = json!({
        "query": "q", "pageSize": 5, "order": "newest_first", "apiToken": "t",
        "filter": {"exact": true, "words": ["a"], "below": {"exact": false, "words": []}},
        "type": ["a"], "labels": {"k": "v"}, "window": {"days": 3},
    });
    let least = json!({"query": "q", "order": "oldest_first", "type": [], "labels": {}});
    let wrong = json!({"query": 7});
    let calls = [
        ("each_level", full.clone()),
        ("each_level", least.clone()),
        ("each_level", wrong.clone()),
        ("every_field", full),
        ("every_field", least),
        ("every_field", wrong),
    ];
    compare(plain::Server::default(), watched::Server::default(), &calls).await;
}
