//! An input schema that is no `Arc` yet.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool(input_schema = rmcp::model::JsonObject::new())]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
