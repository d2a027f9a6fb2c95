//! A ceiling and a revealed name contradict each other.

#[derive(toolwatch::Shape, toolwatch::Reveal)]
#[shape(ceiling = kind)]
enum Token {
    None,
}

fn main() {}
