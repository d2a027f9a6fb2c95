//! What a plan records of a call, as text.

mod from_schema;
mod hashes;
mod lowered;

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::capture::hash::{HashMode, InstallKey};
use crate::capture::sample::{self, object};
use crate::shape::{Field, Form, Shape, Tagging, Variant};

fn hasher(mode: HashMode) -> Hasher {
    Hasher::new(&InstallKey::from_bytes([7; 32]), "tool", mode)
}

fn capture(plan: &Plan, args: Value, lengths: Lengths) -> Arguments {
    let mut out = Arguments::default();
    plan.capture(&object(args), &hasher(HashMode::Keyed), lengths, &mut out);
    out
}

/// One line for the counts, one per field.
fn text(out: &Arguments) -> String {
    let mut text = format!("bytes={} keys={}", out.bytes, out.keys);
    if out.unknown_keys > 0 {
        let _ = write!(text, " unknown={}", out.unknown_keys);
    }
    if out.fields_dropped > 0 {
        let _ = write!(text, " dropped={}", out.fields_dropped);
    }
    for name in &out.missing {
        let _ = write!(text, " -{name}");
    }
    for field in &out.fields {
        let _ = write!(text, "\n{} {}", field.path, field.kind.as_str());
        field.len.iter().for_each(|len| text.push_str(&format!(" {len}")));
        field.hash.iter().for_each(|_| text.push_str(" hash"));
        field.value.iter().for_each(|value| text.push_str(&format!(" {value:?}")));
    }
    text
}

#[track_caller]
fn check(plan: &Plan, args: Value, expected: &str) {
    assert_eq!(text(&capture(plan, args, Lengths::Exact)), expected);
}

const fn rule(path: &'static [&'static str], level: Level) -> Rule {
    Rule { path, level: Some(level), volatile: false }
}

const fn volatile(path: &'static [&'static str]) -> Rule {
    Rule { path, level: None, volatile: true }
}

fn secret() -> TypeShape {
    TypeShape::new(Form::Text).with_ceiling(Level::Kind)
}

fn filter() -> TypeShape {
    const FIELDS: &[Field] = &[
        Field::new("lang", "lang", &["language"], <String as Shape>::shape),
        Field::new("deep", "deep", &[], <Vec<Filter> as Shape>::shape),
    ];
    TypeShape::new(Form::Object(FIELDS))
}

struct Filter;

impl Shape for Filter {
    type Fields = Self;
    fn shape() -> TypeShape {
        filter()
    }
    fn fields(&self) -> Option<&Self> {
        Some(self)
    }
}

fn kind() -> TypeShape {
    const CIRCLE: &[Field] = &[Field::new("radius", "radius", &[], <f64 as Shape>::shape)];
    const VARIANTS: &[Variant] = &[
        Variant::with_content("Circle", "circle", &[], || TypeShape::new(Form::Object(CIRCLE))),
        Variant::unit("Dot", "dot", &[]),
    ];
    TypeShape::new(Form::Choice(Tagging::Internal { tag: "type" }, VARIANTS))
}

fn page() -> TypeShape {
    const FIELDS: &[Field] = &[
        Field::new("size", "pageSize", &[], <u32 as Shape>::shape),
        Field::new("cursor", "cursor", &[], <String as Shape>::shape),
    ];
    TypeShape::new(Form::Object(FIELDS))
}

fn search() -> TypeShape {
    const FIELDS: &[Field] = &[
        Field::new("query", "q", &["search"], <String as Shape>::shape),
        Field::new("token", "token", &[], secret),
        Field::new("filter", "filter", &[], filter),
        Field::new("tags", "tags", &[], <Vec<String> as Shape>::shape),
        Field::new("kind", "kind", &[], kind),
        Field::flattened("page", page),
    ];
    TypeShape::new(Form::Object(FIELDS))
}

fn search_schema() -> JsonObject {
    object(json!({
        "type": "object",
        "properties": {
            "q": {"type": "string"},
            "filter": {"anyOf": [{"$ref": "#/$defs/Filter"}, {"type": "null"}]},
        },
        "required": ["q"],
        "$defs": {"Filter": {"type": "object", "properties": {"lang": {"type": "string"}}, "required": ["lang"]}}
    }))
}

fn search_plan(rules: &[Rule]) -> Plan {
    Plan::compile(&search_schema(), Some(search), rules)
}

#[test]
fn fields_are_named_as_on_the_wire_and_undeclared_keys_are_counted() {
    let args =
        json!({"q": "schön", "limit": 3, "filter": {"lang": "de", "tone": 1}, "tags": ["a", "b"]});
    let bytes = args.to_string().len();
    let lines = "\nfilter object 2\nfilter.lang string 2\nq string 5\ntags array 2";
    check(&search_plan(&[]), args, &format!("bytes={bytes} keys=4 unknown=2{lines}"));
}

#[test]
fn missing_fields_are_those_that_the_schema_requires_at_any_level() {
    check(
        &search_plan(&[]),
        json!({"filter": {}}),
        "bytes=13 keys=1 -filter.lang -q\nfilter object 0",
    );
    check(&search_plan(&[]), json!({"search": "x"}), "bytes=14 keys=1\nq string 1");
    check(&search_plan(&[rule(&["query"], Level::Omit)]), json!({}), "bytes=2 keys=0");
}

#[test]
fn an_omitted_field_leaves_no_trace_in_any_count() {
    let plan =
        search_plan(&[rule(&["token"], Level::Omit), rule(&["filter", "lang"], Level::Omit)]);
    let without = text(&capture(&plan, json!({"q": "x", "filter": {}}), Lengths::Exact));
    check(&plan, json!({"q": "x", "token": "s3cret", "filter": {"lang": "de"}}), &without);
}

#[test]
fn a_secret_shows_its_type_and_its_length_is_not_in_the_sum() {
    let plan = search_plan(&[rule(&["token"], Level::Value)]);
    check(&plan, json!({"q": "x", "token": "a"}), "bytes=18 keys=2\nq string 1\ntoken string");
    check(&plan, json!({"q": "x", "token": "abcdef"}), "bytes=18 keys=2\nq string 1\ntoken string");
}

#[test]
fn a_parent_of_level_kind_or_omit_hides_what_is_inside() {
    let args = || json!({"q": "x", "filter": {"lang": "de", "zzz": 1}});
    let kind =
        search_plan(&[rule(&["filter"], Level::Kind), rule(&["filter", "lang"], Level::Hash)]);
    check(&kind, args(), "bytes=19 keys=2\nfilter object\nq string 1");
    check(&search_plan(&[rule(&["filter"], Level::Omit)]), args(), "bytes=9 keys=1\nq string 1");
}

#[test]
fn a_hash_equals_the_hash_of_the_value_and_a_value_replaces_it() {
    let plan =
        search_plan(&[rule(&["filter"], Level::Hash), rule(&["page", "size"], Level::Value)]);
    let args = json!({"q": "x", "filter": {"lang": "de"}, "pageSize": 5});
    let mut out = capture(&plan, args.clone(), Lengths::Exact);
    assert_eq!(out.fields[0].hash, Some(hasher(HashMode::Keyed).field("filter", &args["filter"])));
    plan.expose(1, Exposed::int(5), &mut out);
    plan.expose(0, Exposed::int(5), &mut out);
    plan.expose(9, Exposed::int(5), &mut out);
    assert!(text(&out).contains("pageSize integer Exposed(int)"), "{}", text(&out));
    assert!(text(&out).contains("filter object 1 hash\n"), "{}", text(&out));
}

#[test]
fn volatile_fields_and_nothing_else_are_left_out_of_the_hash() {
    let plan = search_plan(&[volatile(&["page", "cursor"]), volatile(&["filter", "lang"])]);
    let hash = |args| capture(&plan, args, Lengths::Exact).hash;
    let first = hash(json!({"q": "x", "cursor": "1", "filter": {"lang": "de"}}));
    assert_eq!(first, hash(json!({"q": "x", "cursor": "2", "filter": {"lang": "fr"}})));
    assert_eq!(first, hash(json!({"q": "x", "filter": {}})));
    assert_ne!(first, hash(json!({"q": "y", "filter": {}})));
    assert_ne!(first, hash(json!({"q": "x", "filter": {}, "other": 1})));
    let omitting = search_plan(&[rule(&["token"], Level::Omit)]);
    let hash = |args| capture(&omitting, args, Lengths::Exact).hash;
    assert_ne!(hash(json!({"token": "a"})), hash(json!({"token": "b"})));
}

#[test]
fn a_rule_on_a_flattened_type_holds_for_all_its_fields() {
    let plan = search_plan(&[rule(&["page"], Level::Omit)]);
    check(&plan, json!({"q": "x", "pageSize": 5, "cursor": "c"}), "bytes=9 keys=1\nq string 1");
}

#[test]
fn a_tagged_enum_is_walked_by_its_variant() {
    let plan = search_plan(&[]);
    let args = json!({"q": "", "kind": {"type": "circle", "radius": 1.5, "x": 0}});
    let lines = "\nkind object 3\nkind.radius number\nkind.type string 6\nq string 0";
    let expected = format!("bytes={} keys=2 unknown=1{lines}", args.to_string().len());
    check(&plan, args, &expected);
    let unknown = json!({"q": "", "kind": {"type": "patient 7", "radius": 1}});
    let expected = format!(
        "bytes={} keys=2 unknown=1\nkind object 2\nkind.type string 9\nq string 0",
        unknown.to_string().len()
    );
    check(&plan, unknown, &expected);
}

#[test]
fn a_recursive_type_has_a_finite_plan_and_its_items_are_counted() {
    let item = |deep: Value| json!({"lang": "de", "deep": [deep, {"zzz": 1}]});
    let args = json!({"q": "", "filter": item(item(json!({"lang": "en"})))});
    let out = capture(&search_plan(&[]), args, Lengths::Exact);
    assert_eq!(out.unknown_keys, 2);
    let paths: Vec<_> = out.fields.iter().map(|field| field.path.as_str()).collect();
    assert!(paths.contains(&"filter.deep.*.lang") && paths.contains(&"filter.deep.*.deep.*.lang"));
}

#[test]
fn fields_over_the_bound_are_counted() {
    let properties: JsonObject = (0..100).map(|n| (format!("f{n:02}"), json!({}))).collect();
    let schema = object(
        json!({"type": "object", "properties": properties.clone(), "required": ["f99", "f00"]}),
    );
    let args: JsonObject =
        properties.keys().skip(1).take(90).map(|key| (key.clone(), json!(1))).collect();
    let out = capture(&Plan::compile(&schema, None, &[]), Value::Object(args), Lengths::Exact);
    assert_eq!((out.fields.len(), out.fields_dropped), (64, 26));
    let missing: Vec<_> = out.missing.iter().map(|name| name.as_str()).collect();
    assert_eq!(missing, ["f00", "f99"]);
}

#[test]
fn lengths_in_buckets_are_powers_of_two() {
    let lengths = [0, 1, 2, 3, 5, 1024, 1025].map(|length| Lengths::Buckets.of(length));
    assert_eq!(lengths, [0, 1, 2, 4, 8, 1024, 2048]);
    let out = capture(&search_plan(&[]), json!({"q": "abcde"}), Lengths::Buckets);
    assert_eq!(text(&out), "bytes=16 keys=1\nq string 8");
}

#[test]
fn a_depth_of_ten_thousand_is_bounded_and_counted() {
    let deep = sample::nested(10_000);
    let mut args = object(json!({"q": "x"}));
    args.insert("filter".into(), deep);
    let mut out = Arguments::default();
    search_plan(&[]).capture(&args, &hasher(HashMode::Keyed), Lengths::Exact, &mut out);
    assert_eq!((out.fields_dropped, out.bytes), (1, 20_002 + 19));
    args.into_iter().for_each(|(_, value)| sample::dismantle(value));
}

#[test]
fn python_mode_gives_pythons_digest_without_volatile_fields() {
    let plan = search_plan(&[volatile(&["page", "cursor"])]);
    let hash = |args| {
        let mut out = Arguments::default();
        plan.capture(&object(args), &hasher(HashMode::PythonSha256), Lengths::Exact, &mut out);
        out.hash
    };
    // python3: sha256(json.dumps({"q": "x", "filter": {"lang": "é"}}, sort_keys=True).encode())
    assert_eq!(hash(json!({"q": "x", "filter": {"lang": "é"}})), Some(PYTHON));
    assert_eq!(hash(json!({"cursor": "7", "q": "x", "filter": {"lang": "é"}})), Some(PYTHON));
}

const PYTHON: u64 = 0x1508_ad93_8f78_25e6;

#[test]
fn paths_are_masked_where_they_leave_declared_names() {
    let plan = search_plan(&[rule(&["token"], Level::Omit)]);
    for (pointer, path) in [
        ("", ""),
        ("/q", "q"),
        ("/token", "*"),
        ("/patient 7", "*"),
        ("/filter/deep/3/lang", "filter.deep.*.lang"),
        ("/filter/nobody/knows/0", "filter.*"),
        ("/tags/12", "tags.*"),
        ("/kind/radius", "kind.radius"),
        ("/kind/a~1b", "kind.*"),
    ] {
        assert_eq!(plan.mask(pointer).as_str(), path, "{pointer}");
    }
}
