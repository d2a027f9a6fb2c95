//! `#[tool(local)]`: handlers whose futures cannot move between threads.

use std::rc::Rc;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use toolwatch::{Shape, watched_tool};

/// What to look for.
#[derive(serde::Deserialize, schemars::JsonSchema, Shape)]
pub struct Search {
    /// Words.
    pub query: String,
    /// Whether they have to be all there.
    pub exact: bool,
}

/// A server that one thread owns.
pub struct Server {
    count: Rc<u8>,
}

#[tool_router(vis = "pub(crate)")]
impl Server {
    /// Holds something that is not `Send` while it waits.
    #[watched_tool(args(exact = value))]
    #[tool(local)]
    async fn search(&self, Parameters(search): Parameters<Search>) -> Result<String, String> {
        let held = Rc::clone(&self.count);
        std::future::ready(()).await;
        Ok(format!("{} {held} {}", search.query, search.exact))
    }
}

#[test]
fn a_local_tool_is_routed() {
    let server = Server { count: Rc::new(0) };
    drop(server.search_unwatched(Parameters(Search { query: String::new(), exact: true })));
    assert_eq!(Server::tool_router().list_all().len(), 1);
}
