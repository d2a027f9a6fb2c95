//! A variant whose type has no shape.

#[derive(toolwatch::Shape)]
enum Token {
    Until(std::time::Instant),
}

fn main() {}
