//! What the author of the server wrote and no event may repeat: descriptions, literals of schemas.
//!
//! Names of tools, prompts, resources, templates and their arguments are no part of it: events name
//! operations by them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canary::needle::{Kind, Needles};
use crate::canary::schema::Schema;

/// The variable that hands it to a child.
pub const VARIABLE: &str = "CANARY_FIXED";

/// The author's texts of one server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fixed {
    /// For descriptions, titles, instructions.
    pub words: [String; 5],
    /// The schema of the tool that is added while the program runs.
    pub schema: Map<String, Value>,
}

impl Fixed {
    /// New texts, and the schema from which calls of the dynamic tool are generated.
    pub fn plant(needles: &mut Needles) -> (Self, Schema) {
        let words =
            std::array::from_fn(|_| needles.text(Kind::Schema, "a description of the author's"));
        let schema = Schema::generate(needles);
        let mut json = schema.to_json(needles);
        json.insert("description".to_owned(), needles.text(Kind::Schema, "a schema").into());
        (Self { words, schema: json }, schema)
    }

    /// The texts that the environment hands over.
    #[must_use]
    pub fn of_environment() -> Self {
        let text = std::env::var(VARIABLE).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The texts for the environment of a child.
    #[must_use]
    pub fn to_text(&self) -> String {
        json!(self).to_string()
    }
}
