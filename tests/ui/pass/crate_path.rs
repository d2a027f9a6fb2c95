//! Another path to the crate.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

mod watch {
    pub(crate) use ::toolwatch as again;
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool(crate = watch::again)]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
