//! A variant with data holds a value.

#[derive(toolwatch::Reveal)]
enum Token {
    None,
    Text(String),
    Pair { left: u8, right: u8 },
}

fn main() {}
