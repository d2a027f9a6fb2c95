//! A watched server under every lint that clippy calls pedantic. It is clippy that reads this.

#![deny(clippy::all, clippy::pedantic, unused, missing_docs)]

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::{Reveal, Shape, watched_tool};

/// What to look for.
#[derive(serde::Deserialize, schemars::JsonSchema, Shape)]
pub(crate) struct Search {
    /// Words.
    pub(crate) query: String,
    /// In which order.
    pub(crate) order: Option<Order>,
    /// Further words.
    pub(crate) nested: Option<Box<Search>>,
}

/// In which order.
#[derive(serde::Deserialize, schemars::JsonSchema, Shape, Reveal)]
pub(crate) enum Order {
    /// Newest first.
    New,
    /// Oldest first.
    Old,
}

/// A server.
pub(crate) struct Server;

#[tool_router(vis = "pub(crate)")]
impl Server {
    /// Searches.
    #[watched_tool(args(query = hash, order = value, nested.order = value, nested.query = len))]
    #[tool]
    pub(crate) async fn search(
        &self,
        Parameters(search): Parameters<Search>,
    ) -> Result<String, String> {
        if search.query.is_empty() {
            return Err("nothing to look for".to_owned());
        }
        Ok(search.query)
    }

    /// Says that it is there, without waiting for anything.
    #[watched_tool(intent(required, text = "Why?"))]
    #[tool]
    pub(crate) async fn health(&self) -> String {
        "ok".to_owned()
    }

    /// Says it, and is never captured.
    #[watched_tool(skip)]
    #[tool]
    pub(crate) async fn skipped(&self, Parameters(search): Parameters<Search>) -> String {
        search.query
    }

    /// Says it without a server.
    #[watched_tool]
    #[tool]
    pub(crate) async fn free(parameters: Parameters<Search>) -> String {
        parameters.0.query
    }
}

#[test]
fn the_strict_server_has_its_tools() {
    assert_eq!(Server::tool_router().list_all().len(), 4);
}
