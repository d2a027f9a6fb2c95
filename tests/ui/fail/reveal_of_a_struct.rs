//! A struct holds values.

#[derive(toolwatch::Reveal)]
struct Token(String);

fn main() {}
