//! Other attributes above and below `#[tool]`.

use rmcp::{tool, tool_router};
use toolwatch::watched_tool;

struct Server;

#[tool_router]
impl Server {
    #[watched_tool]
    #[inline]
    /// Docs between.
    #[tool(description = "explicit")]
    #[allow(unused_variables, reason = "goes with the body")]
    #[expect(unused_mut, reason = "goes with the body")]
    fn search(&self) -> String {
        let mut unused = 7;
        String::new()
    }
}

fn main() {
    Server::tool_router();
}
