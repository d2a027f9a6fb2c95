//! A misspelt ceiling.

#[derive(toolwatch::Shape)]
#[shape(ceiling = knid)]
struct Token(String);

fn main() {}
