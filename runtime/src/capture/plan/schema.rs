//! What one declared type looks like one level down, from the tool's JSON Schema.

use std::collections::{HashSet, VecDeque};

use rmcp::model::JsonObject;
use serde_json::Value;

use super::outline::{Declared, Group, Outline, Source};
use crate::shape::Level;

/// How many references and wrappers are followed to reach one schema.
const MAX_HOPS: u32 = 16;

/// The declaration that a schema makes.
pub(super) fn outline<'a>(source: &Source<'a>, schema: &'a JsonObject) -> Outline<'a> {
    let schema = narrow(source.root, schema);
    let is_root = std::ptr::eq(schema, source.root);
    let forms = branches(schema);
    if let Some(items) = items(source.root, Some(schema)) {
        Outline::Items(source.with_schema(Some(items)))
    } else if schema.contains_key("properties") || schema.contains_key("allOf") {
        Outline::Members(collect(source, schema))
    } else if forms.len() > 1 {
        Outline::OneOf(forms.into_iter().map(|form| source.with_schema(Some(form))).collect())
    } else {
        match schema.get("additionalProperties") {
            Some(Value::Object(values)) => Outline::Values(source.with_schema(Some(values))),
            Some(Value::Bool(false)) => Outline::Members(Group::default()),
            None if is_root => Outline::Members(Group::default()),
            _ => Outline::Nothing,
        }
    }
}

/// The properties of a schema and of the schemas that hold beside it, the nearest first. Each schema
/// counts once, however often it is referred to: `allOf` may name itself.
fn collect<'a>(source: &Source<'a>, schema: &'a JsonObject) -> Group<'a> {
    let mut group = Group::default();
    let (mut names, mut seen) = (HashSet::new(), HashSet::new());
    let mut queue = VecDeque::from([schema]);
    while let Some(schema) = queue.pop_front() {
        let schema = narrow(source.root, schema);
        if !seen.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        let takes_more = |value: &Value| !matches!(value, Value::Bool(false));
        group.is_open |= schema.get("additionalProperties").is_some_and(takes_more);
        group.is_open |= schema.contains_key("patternProperties");
        for (name, property) in object(schema.get("properties")).into_iter().flatten() {
            if names.insert(name) {
                group.members.push(Declared {
                    names: vec![name.clone()],
                    rust: Vec::new(),
                    is_required: requires(schema, name),
                    ceiling: Level::Value,
                    source: source.with_schema(property.as_object()),
                });
            }
        }
        queue.extend(list(schema, "allOf").chain(branches(schema)));
    }
    group
}

/// The schema of an array's items.
pub(super) fn items<'a>(
    root: &'a JsonObject,
    schema: Option<&'a JsonObject>,
) -> Option<&'a JsonObject> {
    object(narrow(root, schema?).get("items"))
}

/// The schema of a map's values.
pub(super) fn values<'a>(
    root: &'a JsonObject,
    schema: Option<&'a JsonObject>,
) -> Option<&'a JsonObject> {
    object(narrow(root, schema?).get("additionalProperties"))
}

/// The schema of a property, also of one that `allOf` brings in.
pub(super) fn property<'a>(
    root: &'a JsonObject,
    schema: Option<&'a JsonObject>,
    name: &str,
) -> Option<&'a JsonObject> {
    let schema = narrow(root, schema?);
    let own = |schema: &'a JsonObject| object(object(schema.get("properties"))?.get(name));
    own(schema).or_else(|| list(schema, "allOf").find_map(|part| own(narrow(root, part))))
}

/// Whether a schema requires a property.
pub(super) fn is_required(root: &JsonObject, schema: Option<&JsonObject>, name: &str) -> bool {
    let Some(schema) = schema.map(|schema| narrow(root, schema)) else { return false };
    requires(schema, name) || list(schema, "allOf").any(|part| requires(narrow(root, part), name))
}

fn requires(schema: &JsonObject, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

/// Follows local references, and steps into the one form that is left beside `null`.
fn narrow<'a>(root: &'a JsonObject, mut schema: &'a JsonObject) -> &'a JsonObject {
    for _ in 0..MAX_HOPS {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|to| lookup(root, to));
        let only = || match (schema.contains_key("properties"), branches(schema).as_slice()) {
            (false, [only]) => Some(*only),
            _ => None,
        };
        match target.or_else(only) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// The target of a local reference such as `#/$defs/Filter`.
fn lookup<'a>(root: &'a JsonObject, reference: &str) -> Option<&'a JsonObject> {
    let mut segments = reference.strip_prefix("#/")?.split('/');
    let first = root.get(&unescape(segments.next()?))?;
    segments.try_fold(first, |value, segment| value.get(unescape(segment)))?.as_object()
}

/// A segment of a JSON Pointer as the name that it stands for.
pub(super) fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// The forms of `oneOf` or `anyOf` other than `null`.
fn branches(schema: &JsonObject) -> Vec<&JsonObject> {
    let is_null = |form: &&JsonObject| form.get("type").is_some_and(|kind| kind == "null");
    let forms = list(schema, "oneOf").chain(list(schema, "anyOf"));
    forms.filter(|form| !is_null(form)).collect()
}

fn list<'a>(schema: &'a JsonObject, keyword: &str) -> impl Iterator<Item = &'a JsonObject> {
    let parts = schema.get(keyword).and_then(Value::as_array);
    parts.into_iter().flatten().filter_map(Value::as_object)
}

fn object(value: Option<&Value>) -> Option<&JsonObject> {
    value.and_then(Value::as_object)
}
