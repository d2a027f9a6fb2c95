//! The intent parameter: asked for in the schema, taken out before the tool sees it.
//!
//! It is the one free text that may leave, so its level, its length and the author's filter all
//! apply before it enters an event.

use std::sync::Arc;

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::hash::Hasher;
use super::losses::{self, Loss};
use crate::event::{Intent, IntentRecord};

/// The name of the parameter.
pub(crate) const KEY: &str = "context";

/// What the parameter says of itself when the author says nothing: at most 120 characters.
const DESCRIPTION: &str =
    "Why you call this tool now, in one sentence. No names, personal data or secrets.";

/// Keywords under which one more property could make a valid call invalid, or would not be read.
const LEFT_ALONE: &[&str] =
    &["oneOf", "anyOf", "allOf", "not", "if", "$ref", "propertyNames", "maxProperties"];

/// Whether and how a tool asks for the agent's intent.
#[derive(Clone, Copy, Debug)]
pub struct IntentSpec {
    /// Whether the parameter is there, and required.
    pub mode: IntentMode,
    /// The author's description of the parameter.
    pub text: Option<&'static str>,
    /// How many characters are kept.
    pub max_chars: usize,
}

/// Whether a tool asks for the agent's intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentMode {
    /// The schema stays as it is.
    Off,
    /// An agent may tell its intent.
    Optional,
    /// The schema requires the intent; calls without it still succeed.
    Required,
}

/// How much of an intent is recorded.
///
/// ```
/// use toolwatch::IntentLevel;
/// assert_eq!(IntentLevel::default(), IntentLevel::Text);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntentLevel {
    /// Nothing.
    Off,
    /// The number of characters.
    Len,
    /// The number of characters and a keyed hash.
    Hash,
    /// The text, cut and filtered, and the number of characters.
    #[default]
    Text,
}

/// What became of a tool's schema.
pub(crate) enum Injection {
    /// The author asked for no parameter.
    Off,
    /// A copy of the schema that has the parameter, which must be taken out of calls.
    Added(Arc<JsonObject>),
    /// The schema stays as it is although the parameter was asked for: why, after the tool's name.
    Kept(&'static str),
}

/// Adds the parameter to a copy of a tool's schema, after the author's own.
pub(crate) fn inject(schema: &JsonObject, spec: &IntentSpec) -> Injection {
    if spec.mode == IntentMode::Off {
        return Injection::Off;
    }
    if schema.get("properties").is_some_and(|properties| properties.get(KEY).is_some()) {
        return Injection::Kept("has a parameter `context` of its own");
    }
    match extend(schema, spec) {
        Some(schema) => Injection::Added(Arc::new(schema)),
        None => Injection::Kept("has a schema whose root takes no further property"),
    }
}

/// A copy of the schema with the parameter; `None` when it must stay as it is.
fn extend(schema: &JsonObject, spec: &IntentSpec) -> Option<JsonObject> {
    let is_object = schema.get("type").is_none_or(|kind| kind == "object");
    if !is_object || LEFT_ALONE.iter().any(|keyword| schema.contains_key(*keyword)) {
        return None;
    }
    let mut schema = schema.clone();
    let properties = schema.entry("properties").or_insert_with(|| json!({})).as_object_mut()?;
    let description = spec.text.unwrap_or(DESCRIPTION);
    properties.insert(KEY.to_owned(), json!({"type": "string", "description": description}));
    if spec.mode == IntentMode::Required {
        schema.entry("required").or_insert_with(|| json!([])).as_array_mut()?.push(json!(KEY));
    }
    Some(schema)
}

/// Takes the parameter out of a call's arguments and keeps the order of the others.
///
/// `None` without a text in it: an absent, empty, null or other value is no intent, and is taken
/// out all the same.
pub(crate) fn take(args: &mut JsonObject) -> Option<String> {
    if !args.contains_key(KEY) {
        return None;
    }
    let mut taken = None;
    // `remove` would move the last member forward under `serde_json/preserve_order`.
    args.retain(|key, value| {
        let is_intent = key == KEY;
        if is_intent {
            taken = Some(value.take());
        }
        !is_intent
    });
    match taken {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
        _ => None,
    }
}

/// The intent at its level, cut to a number of characters. The author's filter sees the cut text;
/// what it returns is cut again. `None` when nothing is recorded, also when the filter panics.
pub(crate) fn record(
    text: &str,
    max_chars: usize,
    level: IntentLevel,
    install: &Hasher,
    filter: Option<&Filter>,
) -> Option<IntentRecord> {
    if level == IntentLevel::Off {
        return None;
    }
    let intent = filtered(Intent::clean(text, max_chars), max_chars, filter)?;
    let chars = Some(intent.as_str().chars().count() as u64);
    let hash = || install.text("intent", intent.as_str());
    Some(match level {
        IntentLevel::Off => return None,
        IntentLevel::Len => IntentRecord { chars, ..IntentRecord::default() },
        IntentLevel::Hash => IntentRecord { chars, hash: Some(hash()), text: None },
        IntentLevel::Text => IntentRecord { chars, hash: None, text: Some(intent) },
    })
}

/// The author's filter: the text to record, or `None` for nothing.
pub(crate) type Filter = dyn Fn(&str) -> Option<String> + Send + Sync;

fn filtered(intent: Intent, max_chars: usize, filter: Option<&Filter>) -> Option<Intent> {
    let intent = match filter {
        None => intent,
        Some(filter) => {
            let text = losses::guarded(Loss::IntentFilter, || filter(intent.as_str())).flatten()?;
            Intent::clean(&text, max_chars)
        }
    };
    (!intent.as_str().is_empty()).then_some(intent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::hash::InstallKey;
    use crate::capture::sample::object;

    const OPTIONAL: IntentSpec =
        IntentSpec { mode: IntentMode::Optional, text: None, max_chars: 500 };

    fn with(schema: Value, spec: &IntentSpec) -> (Value, bool) {
        let schema = object(schema);
        match inject(&schema, spec) {
            Injection::Added(schema) => (Value::Object((*schema).clone()), true),
            Injection::Off | Injection::Kept(_) => (Value::Object(schema), false),
        }
    }

    #[test]
    fn b1_the_parameter_is_added_once_last_and_cheaply() {
        let (schema, injected) = with(
            json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
            &OPTIONAL,
        );
        assert!(injected && schema["properties"]["context"]["type"] == "string");
        assert_eq!(schema.get("required"), None);
        let property = json!({KEY: schema["properties"][KEY]}).to_string();
        assert!(property.len() < 200 && DESCRIPTION.chars().count() <= 120, "{property}");
        assert!(!with(schema, &OPTIONAL).1);
        let off = IntentSpec { mode: IntentMode::Off, ..OPTIONAL };
        assert!(!with(json!({"type": "object"}), &off).1);
    }

    #[test]
    fn b2_forms_of_schemas() {
        for schema in [
            json!({}),
            json!({"type": "object"}),
            json!({"type": "object", "properties": {}}),
            json!({"type": "object", "properties": {}, "required": []}),
            json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {}}, "minProperties": 1}),
        ] {
            assert!(with(schema.clone(), &OPTIONAL).1, "{schema}");
        }
        for schema in [
            json!({"type": "string"}),
            json!({"type": "object", "properties": 3}),
            json!({"type": "object", "oneOf": []}),
            json!({"type": "object", "anyOf": [{}]}),
            json!({"type": "object", "allOf": [{}]}),
        ] {
            assert!(!with(schema.clone(), &OPTIONAL).1, "{schema}");
        }
    }

    #[test]
    fn b3_existing_context_is_kept() {
        let schema = json!({"type": "object", "properties": {"context": {"type": "integer"}}});
        assert_eq!(with(schema.clone(), &OPTIONAL), (schema, false));
    }

    #[test]
    fn b8_descriptions_can_be_replaced_and_the_parameter_required() {
        let text = Some("warum? \u{1f642}");
        let spec = IntentSpec { mode: IntentMode::Required, text, max_chars: 5 };
        let (schema, _) = with(json!({"type": "object", "required": ["a"]}), &spec);
        assert_eq!(schema["required"], json!(["a", "context"]));
        assert_eq!(schema["properties"]["context"]["description"], "warum? \u{1f642}");
        assert!(!with(json!({"type": "object", "required": "a"}), &spec).1);
    }

    #[test]
    fn b9_b10_the_key_is_taken_whatever_it_holds() {
        for (value, intent) in [
            (json!("why"), Some("why")),
            (json!(""), None),
            (json!("  "), None),
            (json!(null), None),
            (json!({"a": 1}), None),
        ] {
            let mut args = object(json!({"z": 1, "context": value, "a": 2, "m": 3}));
            let before: Vec<_> = args.keys().filter(|key| *key != KEY).cloned().collect();
            assert_eq!(take(&mut args).as_deref(), intent);
            assert_eq!(args.keys().cloned().collect::<Vec<_>>(), before);
        }
        assert_eq!(take(&mut object(json!({"a": 1}))), None);
    }

    #[test]
    fn levels_record_no_more_than_they_say() {
        let install = Hasher::for_install(&InstallKey::from_bytes([7; 32]));
        let at = |level| record("look\u{7} up Ann", 7, level, &install, None);
        assert!(at(IntentLevel::Off).is_none());
        let parts = |level| {
            at(level).map(|r| (r.text.map(|t| t.as_str().to_owned()), r.hash.is_some(), r.chars))
        };
        assert_eq!(parts(IntentLevel::Len), Some((None, false, Some(7))));
        assert_eq!(parts(IntentLevel::Hash), Some((None, true, Some(7))));
        assert_eq!(parts(IntentLevel::Text), Some((Some("look up".to_owned()), false, Some(7))));
    }

    #[test]
    fn the_filter_decides_and_its_panic_drops_the_intent() {
        let install = Hasher::for_install(&InstallKey::ephemeral());
        let run =
            |filter: &Filter| record("ask Ann", 50, IntentLevel::Text, &install, Some(filter));
        let text = run(&|text| Some(text.replace("Ann", "someone"))).and_then(|r| r.text);
        assert_eq!(text.map(|text| text.as_str().to_owned()).as_deref(), Some("ask someone"));
        assert!(run(&|_| None).is_none());
        let before = losses::counted(Loss::IntentFilter);
        assert!(run(&|_| panic!("filter")).is_none());
        assert!(losses::counted(Loss::IntentFilter) > before);
    }
}
