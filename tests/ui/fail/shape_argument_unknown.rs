//! Misspelt arguments, all at once.

#[derive(toolwatch::Shape)]
#[shape(cieling = kind)]
struct Token {
    #[shape(opaqe)]
    text: String,
    #[shape(ceiling = kind)]
    other: String,
}

fn main() {}
