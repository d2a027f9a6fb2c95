//! Several tools and a fn that is none.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> String {
        String::new()
    }

    #[watched_tool(intent = required)]
    #[tool(name = "other.name")]
    fn other(&self) -> String {
        self.helper()
    }

    #[tool]
    fn unwatched(&self) -> String {
        self.helper()
    }

    fn helper(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
