//! Schemas of the author, with commas inside generics.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

fn schema<A, B>() -> std::sync::Arc<rmcp::model::JsonObject> {
    std::sync::Arc::new(rmcp::model::JsonObject::new())
}

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool(input_schema = schema::<Vec<u8>, Option<(u8, u8)>>(), name = "a,b", output_schema = schema::<u8, u8>(),)]
    async fn search(&self) -> String {
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
