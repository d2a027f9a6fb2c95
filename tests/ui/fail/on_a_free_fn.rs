//! A fn outside an impl block has no server.

use rmcp::tool;
use toolwatch::watched_tool;

#[watched_tool]
#[tool]
fn search() -> String {
    String::new()
}

fn main() {}
