//! One untagged variant among tagged ones.

#[derive(serde::Deserialize, toolwatch::Shape)]
enum Token {
    Text(String),
    #[serde(untagged)]
    Other(u32),
}

fn main() {}
