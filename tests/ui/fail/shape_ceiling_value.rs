//! A ceiling that is none.

#[derive(toolwatch::Shape)]
#[shape(ceiling = value)]
struct Token(String);

fn main() {}
