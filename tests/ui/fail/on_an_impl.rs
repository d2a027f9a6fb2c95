//! An impl block is no tool.

use toolwatch::watched_tool;

struct Server;

#[watched_tool(intent = off)]
impl Server {
    fn search(&self) {}
}

fn main() {
    Server.search();
}
