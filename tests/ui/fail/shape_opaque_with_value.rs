//! `opaque` takes no value.

#[derive(toolwatch::Shape)]
struct Token {
    #[shape(opaque = true)]
    text: String,
}

fn main() {}
