//! serde takes the form from another type.

#[derive(serde::Deserialize, toolwatch::Shape)]
#[serde(from = "String")]
struct Token {
    text: String,
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self { text }
    }
}

fn main() {}
