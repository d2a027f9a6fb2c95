//! Every extractor of rmcp, in any order, with any pattern.

#![expect(clippy::too_many_arguments, reason = "one tool that asks for everything")]

use rmcp::RoleServer;
use rmcp::handler::server::common::Extension;
use rmcp::handler::server::tool::{InputResponses, RequestId, RequestState, ToolName};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{Extensions, JsonObject, RequestMetaObject};
use rmcp::service::{Peer, RequestContext};
use rmcp::tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::harness::{compare, keys, servers};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Text {
    text: String,
}

servers! {
    [impl Server]
    [] {
        #[tool]
        async fn object(&self, object: JsonObject) -> String { keys(&object) }
    }
    [] {
        #[tool]
        fn object_sync(mut object: JsonObject) -> String {
            object.remove("b");
            keys(&object)
        }
    }
    [] {
        #[tool]
        async fn context_first(&self, ctx: RequestContext<RoleServer>, Parameters(Text { mut text }): Parameters<Text>) -> String {
            text.push_str(&format!("{:?}", ctx.id));
            text
        }
    }
    [] {
        #[tool]
        async fn context_last(&self, Parameters(Text { text, .. }): Parameters<Text>, RequestId(id): RequestId, peer: Peer<RoleServer>) -> String {
            format!("{text}{id:?}{}", peer.peer_info().is_some())
        }
    }
    [] {
        #[tool]
        async fn all(
            &self,
            ToolName(name): ToolName,
            cancelled: CancellationToken,
            parameters: Parameters<Text>,
            RequestState(state): RequestState,
            InputResponses(responses): InputResponses,
            extensions: Extensions,
            meta: RequestMetaObject,
        ) -> String {
            let meta = meta.get_traceparent().map(str::to_owned);
            format!(
                "{name} {} {} {state:?} {} {} {meta:?}",
                cancelled.is_cancelled(), parameters.0.text, responses.is_none(), extensions.is_empty(),
            )
        }
    }
    [] {
        #[tool]
        async fn missing_extension(&self, Extension(missing): Extension<Missing>, _text: Parameters<Text>) -> String {
            missing.0.to_owned()
        }
    }
    [] {
        #[tool]
        fn unused(&self, _: Parameters<Text>) {}
    }
}

#[derive(Clone)]
pub(crate) struct Missing(&'static str);

#[tokio::test]
async fn every_extractor_gives_what_rmcp_gives() {
    let _ = Missing("constructed nowhere else");
    let text = json!({"text": "hello", "more": 1});
    let calls = [
        ("object", json!({"a": 1, "b": 2})),
        ("object", json!(null)),
        ("object_sync", json!({"a": 1, "b": 2})),
        ("context_first", text.clone()),
        ("context_first", json!({})),
        ("context_last", text.clone()),
        ("all", text.clone()),
        ("all", json!({"text": 7})),
        ("missing_extension", text.clone()),
        ("unused", text),
        ("unused", json!({})),
    ];
    compare(plain::Server::default(), watched::Server::default(), &calls).await;
}
