//! A trait is no tool.

use toolwatch::watched_tool;

#[watched_tool]
trait Tools {
    fn search(&self);
}

fn main() {}
