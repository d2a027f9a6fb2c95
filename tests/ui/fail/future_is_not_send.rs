//! A body that cannot move between threads.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[tool]
    async fn search(&self) -> String {
        let held = std::rc::Rc::new(7);
        std::future::ready(()).await;
        held.to_string()
    }
}

fn main() {
    Server::tool_router();
}
