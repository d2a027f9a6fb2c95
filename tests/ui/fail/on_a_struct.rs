//! A struct is no tool.

use toolwatch::watched_tool;

#[watched_tool]
struct Server;

fn main() {
    let _ = Server;
}
