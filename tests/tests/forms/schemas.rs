//! Arguments of `#[tool(...)]`: every one is kept, schemas stay the author's.

use std::sync::Arc;

use rmcp::handler::server::tool::schema_for_output;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{JsonObject, RequestMetaObject};
use rmcp::tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::harness::{compare, servers};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Text {
    text: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Length {
    length: usize,
}

fn own_schema(name: &str) -> Arc<JsonObject> {
    let mut schema = JsonObject::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), json!({ name: {"type": "string", "x-order": [1, 2]} }));
    Arc::new(schema)
}

servers! {
    [impl Server]
    [name = "other", tags(team = "search", "cost.center" = "a-1")] {
        /// A doc comment that the description overrides.
        #[tool(
            name = "explicit-name",
            title = "A title",
            description = "An explicit description",
            annotations(title = "T", read_only_hint = true, open_world_hint = false),
            meta = { let mut meta = rmcp::model::MetaObject::new(); meta.insert("k".into(), json!([1])); meta },
        )]
        async fn explicit(&self, Parameters(Text { text }): Parameters<Text>) -> String { text }
    }
    [] {
        #[tool(input_schema = own_schema("text"), output_schema = schema_for_output::<Vec::<(Length, u8)>>())]
        async fn schemas(&self, Parameters(Text { text }): Parameters<Text>) -> String { text }
    }
    [] {
        #[tool(output_schema = own_schema("length"))]
        async fn output_only(&self, Parameters(Text { text }): Parameters<Text>) -> Json<Length> {
            Json(Length { length: text.len() })
        }
    }
    [intent = off] {
        #[tool(input_schema = own_schema("anything"))]
        fn input_only(&self, object: JsonObject) -> Json<Length> { Json(Length { length: object.len() }) }
    }
    [intent(required, text = "Why this tool, in one sentence?", max_chars = 200)] {
        #[doc = concat!("Joined", " docs")]
        #[doc = " and a line"]
        #[tool()]
        #[must_use]
        #[inline]
        fn attributes(&self) -> String { "attributes".into() }
    }
    [] {
        #[must_use]
        /// Docs below a built-in attribute.
        #[tool]
        fn docs_below(&self) -> String { "docs".into() }
    }
    [] {
        /// Docs above and
        #[warn(unused_mut)]
        /// below.
        #[tool]
        #[inline]
        fn docs_around(&self) -> String { "docs".into() }
    }
    [] {
        #[allow(clippy::unused_async, reason = "the attribute goes with the body")]
        #[cfg(all())]
        #[tool]
        async fn configured(&self, _meta: RequestMetaObject) -> String { "configured".into() }
    }
}

#[tokio::test]
async fn every_argument_of_tool_is_kept() {
    let text = json!({"text": "hello"});
    let calls = [
        ("explicit-name", text.clone()),
        ("explicit", text.clone()),
        ("schemas", text.clone()),
        ("output_only", text.clone()),
        ("input_only", text.clone()),
        ("attributes", json!({})),
        ("docs_below", json!({})),
        ("docs_around", json!({})),
        ("configured", text),
    ];
    compare(plain::Server::default(), watched::Server::default(), &calls).await;
}
