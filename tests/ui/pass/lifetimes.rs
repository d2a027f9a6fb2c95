//! A named lifetime on the receiver.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search<'a>(&'a self) -> String {
        let this: &'a Self = self;
        let _ = this;
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
