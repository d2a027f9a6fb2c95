//! The second of two ceilings.

#[derive(toolwatch::Shape)]
#[shape(ceiling = kind, ceiling = len)]
struct Token(String);

fn main() {}
