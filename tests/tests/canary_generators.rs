//! The generators of the canary suite produce what they promise: real schemas, and arguments that
//! are valid or break the keyword that they name.

use std::collections::BTreeMap;

use serde_json::Value;
use toolwatch_tests::canary::arguments::{Written, write};
use toolwatch_tests::canary::needle::Needles;
use toolwatch_tests::canary::schema::Schema;

/// Every keyword that the generators break. `format` is an annotation: it never makes arguments
/// invalid.
const KEYWORDS: [&str; 29] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentRequired",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "prefixItems",
    "propertyNames",
    "required",
    "type",
    "unevaluatedProperties",
];

const MORE: [&str; 3] = ["format", "then", "uniqueItems"];

/// Calls `see` with every way in which the arguments of some schemas are written.
fn each(seed: u64, see: &mut dyn FnMut(&Value, &Written)) {
    let mut needles = Needles::new(seed);
    let schema = Schema::generate(&mut needles);
    let json = Value::Object(schema.to_json(&mut needles));
    let valid = write(&schema, None, "test", &mut needles);
    see(&json, &valid);
    for place in 0..valid.places {
        see(&json, &write(&schema, Some(place), "test", &mut needles));
    }
}

#[test]
fn schemas_compile_and_arguments_are_valid_or_not_as_intended() {
    let (mut right, mut wrong) = (0, BTreeMap::<_, usize>::new());
    for seed in 0..150 {
        each(seed, &mut |schema, written| {
            let validator = jsonschema::validator_for(schema).expect("a schema");
            let is_valid = validator.is_valid(&Value::Object(written.arguments.clone()));
            if is_valid == written.broken.is_none_or(|keyword| keyword == "format") {
                right += 1;
            } else {
                *wrong.entry(written.broken).or_default() += 1;
            }
        });
    }
    // Unions and references may forgive what one of their branches broke.
    let all_wrong: usize = wrong.values().sum();
    assert!(all_wrong * 5 < right, "{right} right, wrong: {wrong:?}");
}

#[test]
fn every_keyword_is_broken() {
    let mut broken = BTreeMap::<&str, usize>::new();
    for seed in 0..150 {
        each(seed, &mut |_, written| {
            if let Some(keyword) = written.broken {
                *broken.entry(keyword).or_default() += 1;
            }
        });
    }
    for keyword in KEYWORDS.into_iter().chain(MORE) {
        assert!(broken.contains_key(keyword), "{keyword} is never broken: {broken:?}");
    }
}

#[test]
fn the_needles_of_arguments_are_found_in_their_json() {
    let mut needles = Needles::new(1);
    let schema = Schema::generate(&mut needles);
    let before = needles.len();
    let written = write(&schema, None, "test", &mut needles);
    let text = Value::Object(written.arguments).to_string();
    let hits = needles.index().search(text.as_bytes());
    let missed: Vec<_> = (before..needles.len())
        .filter(|needle| hits.iter().all(|hit| hit.needle != *needle))
        .collect();
    let missed: Vec<_> = missed.into_iter().map(|needle| needles.get(needle).to_string()).collect();
    assert!(missed.is_empty(), "{missed:?} in {text}");
}
