//! Every lint that a strict crate forbids.

#![deny(warnings, unused, missing_docs, rust_2018_idioms, unreachable_pub, future_incompatible)]

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::{Reveal, Shape, watched_tool};

/// What to look for.
#[derive(serde::Deserialize, schemars::JsonSchema, Shape)]
pub struct Search {
    /// Words.
    pub query: String,
    /// Order.
    pub order: Option<Order>,
    /// Where.
    pub nested: Option<Box<Search>>,
}

/// In which order.
#[derive(Clone, Copy, serde::Deserialize, schemars::JsonSchema, Shape, Reveal)]
pub enum Order {
    /// Newest first.
    New,
    /// Oldest first.
    Old,
}

/// A server that lets no lint be allowed again.
pub mod server {
    #![forbid(unused, missing_docs, rust_2018_idioms, unreachable_pub)]
    #![forbid(nonstandard_style, let_underscore, unsafe_code, single_use_lifetimes)]
    #![forbid(unused_qualifications, elided_lifetimes_in_paths, trivial_casts)]

    use super::*;

    /// A choice that only toolwatch reads.
    #[derive(Shape, Reveal)]
    pub enum Choice {
        /// The one.
        One,
    }

    /// A server.
    #[derive(Clone, Copy, Debug)]
    pub struct Server;

    #[tool_router(vis = "pub(crate)")]
    impl Server {
        /// Searches.
        #[watched_tool(args(query = hash, order = value, nested.order = value, nested.nested.query = len))]
        #[tool]
        pub async fn search(&self, Parameters(search): Parameters<Search>) -> Result<String, String> {
            std::future::ready(()).await;
            if search.query.is_empty() { Err("nothing to look for".to_owned()) } else { Ok(search.query) }
        }

        /// Says that it is there.
        #[watched_tool]
        #[tool]
        pub fn health(&self) -> String {
            "ok".to_owned()
        }

        /// Is never captured.
        #[watched_tool(skip)]
        #[tool]
        pub async fn skipped(&self, Parameters(search): Parameters<Search>) -> String {
            std::future::ready(search.query).await
        }
    }
}

fn main() {
    drop(server::Server::tool_router());
}
