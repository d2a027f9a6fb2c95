//! A field whose type has no shape.

#[derive(toolwatch::Shape)]
struct Token {
    text: String,
    until: std::time::Instant,
}

fn main() {}
