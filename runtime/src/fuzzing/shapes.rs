//! The shape of arbitrary arguments under the plan that an arbitrary schema makes.

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::capture::hash::{HashMode, Hasher, InstallKey};
use crate::capture::plan::{Lengths, Plan, Rule};
use crate::event::{Arguments, encode_arguments};
use crate::shape::Level;

/// Stands in every text of the arguments that the schema does not hold, and so must not leave.
const MARK: &str = "MARKED";
/// The widest arguments of an event stay below: 64 fields and 16 names of at most 256 bytes each,
/// which JSON escapes may make six times as long.
const MAX_BYTES: usize = (64 + 16) * (6 * 256 + 128) + 1024;

const fn rule(path: &'static [&'static str], level: Level) -> Rule {
    Rule { path, level: Some(level), volatile: false }
}

const RULES: &[&[Rule]] = &[
    &[],
    &[rule(&["a"], Level::Omit)],
    &[rule(&["a"], Level::Kind), rule(&["b"], Level::Hash)],
    &[rule(&["a", "b"], Level::Hash), Rule { path: &["c"], level: None, volatile: true }],
    &[rule(&["a", "b"], Level::Omit), rule(&["a"], Level::Hash)],
    &[rule(&["a"], Level::Value), rule(&["a", "b", "c"], Level::Value)],
    &[
        Rule { path: &["a", "b"], level: Some(Level::Hash), volatile: true },
        rule(&["a", "a"], Level::Len),
    ],
    &[rule(&["c", "c", "c"], Level::Omit), rule(&["c"], Level::Hash)],
];

/// A byte that chooses rules, one that chooses modes, a schema and arguments as JSON objects.
///
/// Holds: nothing of the arguments' texts stands in what is encoded, nor an undeclared key; what is
/// encoded is JSON within its bound; counts are within theirs; the same call is recorded the same
/// way twice; and a plan lowered to `omit` records no field.
pub(super) fn shape(data: &[u8]) {
    let Some(Input { rules, modes, schema, args }) = read(data) else { return };
    let plan = Plan::compile(&schema, None, rules);
    let lengths = if modes & 1 == 0 { Lengths::Exact } else { Lengths::Buckets };
    let mode = if modes & 2 == 0 { HashMode::Keyed } else { HashMode::PythonSha256 };
    let encoded = record(&plan, &args, lengths, mode);
    assert!(encoded.len() <= MAX_BYTES, "{} bytes", encoded.len());
    assert!(!encoded.contains(MARK), "a text of the arguments left: {encoded}");
    assert!(serde_json::from_str::<Value>(&encoded).is_ok(), "{encoded}");
    assert_eq!(encoded, record(&plan, &args, lengths, mode));
    let lowered = plan.lowered(|_, _| Level::Omit);
    let mut out = Arguments::default();
    lowered.capture(&args, &hasher(mode), lengths, &mut out);
    assert!(out.fields.is_empty() && out.missing.is_empty());
}

/// The same input against the validator that the schema makes.
///
/// Holds: the keyword is of the closed list, and the path holds nothing of the arguments.
#[cfg(feature = "schema")]
pub(super) fn schema(data: &[u8]) {
    let Some(Input { rules, schema, args, .. }) = read(data) else { return };
    let plan = Plan::compile(&schema, None, rules);
    let Some(validator) = crate::capture::schema::Validator::compile(&schema) else { return };
    let (valid, fault) = validator.check(&Value::Object(args), &plan);
    if let Some(fault) = fault {
        assert_eq!(valid, Some(false));
        assert!(!fault.path.as_str().contains(MARK) && !fault.keyword.contains(MARK));
    }
}

struct Input {
    rules: &'static [Rule],
    modes: u8,
    schema: JsonObject,
    args: JsonObject,
}

fn read(data: &[u8]) -> Option<Input> {
    let [rules, modes, text @ ..] = data else { return None };
    let mut texts = serde_json::Deserializer::from_slice(text).into_iter::<JsonObject>();
    let (schema, args) = (texts.next()?.ok()?, texts.next()?.ok()?);
    let mut known = Vec::new();
    keys(&Value::Object(schema.clone()), &mut known);
    let known_text = serde_json::to_string(&schema).ok()?;
    if known_text.contains(MARK) {
        return None;
    }
    let Value::Object(args) = marked(Value::Object(args), &known) else { return None };
    let rules = RULES[usize::from(*rules) % RULES.len()];
    Some(Input { rules, modes: *modes, schema, args })
}

/// The keys and texts of a schema: names that it may declare.
fn keys(value: &Value, known: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| keys(item, known)),
        Value::Object(members) => {
            known.extend(members.keys().cloned());
            members.values().for_each(|value| keys(value, known));
        }
        _ => {}
    }
}

/// The value with the mark in every text and in every key that the schema does not know.
fn marked(value: Value, known: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(format!("{MARK}{text}")),
        Value::Array(items) => items.into_iter().map(|item| marked(item, known)).collect(),
        Value::Object(members) => {
            let member = |(key, value): (String, Value)| {
                let key = if known.contains(&key) { key } else { format!("{key}{MARK}") };
                (key, marked(value, known))
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}

fn hasher(mode: HashMode) -> Hasher {
    Hasher::new(&InstallKey::from_bytes([7; 32]), "tool", mode)
}

fn record(plan: &Plan, args: &JsonObject, lengths: Lengths, mode: HashMode) -> String {
    let mut out = Arguments::default();
    plan.capture(args, &hasher(mode), lengths, &mut out);
    assert!(out.fields.len() <= 64 && out.missing.len() <= 16);
    let mut encoded = Vec::new();
    encode_arguments(&out, &mut encoded);
    String::from_utf8_lossy(&encoded).into_owned()
}
