//! One server with one tool of five typed arguments, in variants that differ in nothing else.
//!
//! The router is built once and kept, as `#[tool_handler(router = ...)]` allows: rmcp's default
//! rebuilds it per request, and that cost would hide what is measured here.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// About 200 bytes of JSON, as [`crate::lines`] fills it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct Search {
    /// What to look for.
    pub query: String,
    /// Where to look.
    pub collection: String,
    /// The most hits.
    pub limit: Option<u32>,
    /// Words that every hit has.
    #[serde(default)]
    pub terms: Vec<String>,
    /// Whether the archive is searched.
    pub archived: bool,
}

pub(crate) fn answer(search: &Search) -> String {
    format!("{} hits in {} for {} terms", search.limit.unwrap_or(10), search.collection, search.terms.len())
}

/// A server whose router can be called without a transport.
pub trait Routed: ServerHandler + Clone {
    /// A fresh server.
    fn new() -> Self;
    /// Its router.
    fn router(&self) -> &ToolRouter<Self>;
}

macro_rules! server {
    ($(#[$doc:meta])* $module:ident, [$(#[$watched:meta])*], |$search:ident| $body:expr) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            /// The server.
            #[derive(Clone)]
            pub struct Server {
                router: Arc<ToolRouter<Server>>,
            }

            #[tool_router]
            impl Server {
                /// Search the documentation.
                $(#[$watched])*
                #[tool]
                async fn search(&self, Parameters($search): Parameters<Search>) -> String {
                    $body
                }
            }

            #[tool_handler(router = self.router)]
            impl ServerHandler for Server {}

            impl Routed for Server {
                fn new() -> Self {
                    Self { router: Arc::new(Self::tool_router()) }
                }

                fn router(&self) -> &ToolRouter<Self> {
                    &self.router
                }
            }
        }
    };
}

server! {
    /// Not watched.
    plain, [], |search| answer(&search)
}
server! {
    /// Watched by toolwatch.
    watched, [#[toolwatch::watched_tool]], |search| answer(&search)
}
server! {
    /// With a span of the OpenTelemetry SDK, written by hand, without arguments.
    spanned, [], |search| crate::otel::in_span(|| answer(&search))
}
