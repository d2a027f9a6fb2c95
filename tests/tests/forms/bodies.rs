//! Sync, async and written-out futures; with and without a receiver; early returns.

#![expect(
    clippy::manual_async_fn,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    reason = "these are forms that authors write"
)]

use std::future::Future;
use std::pin::Pin;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::harness::{compare, servers};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Pair {
    left: i64,
    right: i64,
}

type LocalName<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type BoxFuture<'a, T> = LocalName<'a, T>;

servers! {
    [impl Server]
    [] {
        /// Nothing in, text out.
        #[tool]
        fn sync_plain(&self) -> String { "sync".to_owned() }
    }
    [] {
        /// Adds.
        ///
        /// And tells.
        #[tool]
        pub(crate) async fn add(&self, Parameters(Pair { left, right }): Parameters<Pair>) -> String {
            tokio::task::yield_now().await;
            left.wrapping_add(right).to_string()
        }
    }
    [] {
        #[tool(description = "No receiver.")]
        pub(crate) fn free_sync(Parameters(pair): Parameters<Pair>) -> String { (pair.left - pair.right).to_string() }
    }
    [] {
        #[tool]
        async fn free_async() -> String { "free".into() }
    }
    [] {
        #[tool]
        fn returned(Parameters(pair): Parameters<Pair>) -> impl Future<Output = String> + Send + 'static {
            async move { (pair.left * pair.right).to_string() }
        }
    }
    [] {
        #[tool]
        fn pinned(&self, pair: Parameters<Pair>) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + '_>> {
            Box::pin(async move {
                let _ = &self.0;
                u8::try_from(pair.0.left).map(|it| it.to_string()).map_err(|error| error.to_string())
            })
        }
    }
    [] {
        #[tool]
        fn boxed(&self) -> BoxFuture<'_, String> { Box::pin(async move { format!("{:?}", self.0) }) }
    }
    [] {
        #[tool]
        async fn early(&self, Parameters(mut pair): Parameters<Pair>) -> Result<String, String> {
            if pair.left < 0 {
                return Err("negative".to_owned());
            }
            pair.left += 1;
            let small = u8::try_from(pair.left).map_err(|error| error.to_string())?;
            Ok(small.to_string())
        }
    }
    [] {
        #[tool]
        async fn named<'a>(&'a self) -> String { let held: &'a Self = self; format!("{:?}", held.0) }
    }
    [] {
        #[tool]
        fn named_sync<'a>(&'a self, pair: Parameters<Pair>) -> String { pair.0.left.to_string() }
    }
    [] {
        #[tool]
        fn typed_receiver(self: &Self) -> String { format!("{:?}", self.0) }
    }
    [] {
        #[tool]
        pub(crate) async fn r#type(&self) -> String { "raw".into() }
    }
    [skip] {
        #[tool]
        async fn skipped(&self) -> String { "skipped".into() }
    }
}

#[tokio::test]
async fn every_kind_of_body_replies_as_without_the_attribute() {
    let pair = json!({"left": 7, "right": 5});
    let calls = [
        ("sync_plain", json!({})),
        ("add", pair.clone()),
        ("add", json!({"left": "seven"})),
        ("free_sync", pair.clone()),
        ("free_async", json!({})),
        ("returned", pair.clone()),
        ("pinned", pair.clone()),
        ("pinned", json!({"left": 700, "right": 0})),
        ("boxed", json!(null)),
        ("early", pair.clone()),
        ("early", json!({"left": -1, "right": 0})),
        ("early", json!({"left": 300, "right": 0})),
        ("named", json!({})),
        ("named_sync", pair),
        ("typed_receiver", json!({})),
        ("r#type", json!({})),
        ("skipped", json!({})),
        ("unknown", json!({})),
    ];
    compare(plain::Server::default(), watched::Server::default(), &calls).await;
}

#[tokio::test]
async fn the_body_can_be_called_without_rmcp() {
    let server = watched::Server::default();
    let sum = server.add_unwatched(Parameters(Pair { left: 2, right: 3 })).await;
    assert_eq!(sum, "5");
    assert_eq!(watched::Server::free_sync_unwatched(Parameters(Pair { left: 2, right: 3 })), "-1");
    assert_eq!(server.type_unwatched().await, "raw");
}
