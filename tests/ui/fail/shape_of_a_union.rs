//! A union has no JSON form.

#[derive(toolwatch::Shape)]
union Either {
    number: u32,
    text: [u8; 4],
}

fn main() {}
