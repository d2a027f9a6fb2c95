//! Plans that are made from the JSON Schema alone.

use super::*;

#[test]
fn a_schema_alone_gives_the_same_plan() {
    let schema = json!({
        "type": "object",
        "properties": {
            "q": {"type": "string"},
            "filter": {"anyOf": [{"$ref": "#/$defs/Filter"}, {"type": "null"}]},
            "rows": {"type": "array", "items": {"$ref": "#/$defs/Filter"}},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "any": true,
            "either": {"oneOf": [
                {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
                {"type": "object", "properties": {"b": {}, "c": {}}, "required": ["c"]},
            ]},
        },
        "required": ["q", "rows"],
        "$defs": {"Filter": {"type": "object", "properties": {"lang": {"type": "string"}}}}
    });
    let plan = Plan::compile(&object(schema), None, &[rule(&["filter", "lang"], Level::Hash)]);
    let args = json!({
        "filter": {"lang": "de", "u": 1}, "rows": [{"lang": "a"}, {"u": 2}],
        "headers": {"x-name": "Ann"}, "any": {"k": {"v": 1}}, "either": {"b": 1, "c": 2},
    });
    let lines = "\nany object 1\neither object 2\neither.b integer\neither.c integer\nfilter object 2\
                 \nfilter.lang string 2 hash\nheaders object 1\nrows array 2\nrows.*.lang string 1";
    let expected = format!("bytes={} keys=5 unknown=2 -q{lines}", args.to_string().len());
    check(&plan, args, &expected);
}

#[test]
fn all_of_and_flattened_maps_are_one_object() {
    let schema = json!({"type": "object", "properties": {"a": {}}, "allOf": [{"$ref": "#/$defs/B"}],
        "$defs": {"B": {"properties": {"b": {}}, "required": ["b"]}}});
    check(
        &Plan::compile(&object(schema), None, &[]),
        json!({"a": 1, "z": 2}),
        "bytes=13 keys=2 unknown=1 -b\na integer",
    );
    let open = json!({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}});
    check(&Plan::compile(&object(open), None, &[]), json!({"z": 2}), "bytes=7 keys=1");
    check(
        &Plan::compile(&object(json!({"type": "object"})), None, &[]),
        json!({"z": 2}),
        "bytes=7 keys=1 unknown=1",
    );
}

#[test]
fn a_reference_to_itself_ends() {
    let schema = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}});
    check(&Plan::compile(&object(schema), None, &[]), json!({"z": 2}), "bytes=7 keys=1");
}

/// Found by the fuzzer: each reference was followed again, so that four of them took minutes.
#[test]
fn all_of_that_names_itself_is_read_once() {
    let itself = vec![json!({"$ref": "#/$defs/A"}); 4];
    let schema = json!({"allOf": itself, "$defs": {"A": {
        "allOf": itself, "properties": {"a": {"allOf": itself}}, "required": ["a"],
    }}});
    let plan = Plan::compile(&object(schema), None, &[]);
    check(&plan, json!({"a": {"a": 1}}), "bytes=13 keys=1\na object 1\na.a integer");
}

/// Found by the fuzzer: every place was bounded, and their number was not.
#[test]
fn a_wide_type_that_holds_itself_has_a_bounded_plan() {
    let width = 500;
    let properties: JsonObject =
        (0..width).map(|n| (format!("p{n}"), json!({"$ref": "#/$defs/A"}))).collect();
    let schema = json!({"$ref": "#/$defs/A", "$defs": {"A": {"properties": properties}}});
    let plan = Plan::compile(&object(schema), None, &[]);
    assert!(plan.nodes.len() <= MAX_NODES + width, "{} nodes", plan.nodes.len());
    let out = capture(&plan, json!({"p1": {"p2": {"p3": {}}}}), Lengths::Exact);
    assert_eq!(out.fields.len(), 2, "{}", text(&out));
}
