//! What a field's hash covers.

use super::*;

fn of_filter(plan: &Plan, filter: Value) -> Option<u64> {
    capture(plan, json!({"q": "x", "wrap": filter}), Lengths::Exact).fields.first()?.hash
}

fn wrap() -> TypeShape {
    const FIELDS: &[Field] = &[Field::new("wrap", "wrap", &[], inner)];
    TypeShape::new(Form::Object(FIELDS))
}

fn inner() -> TypeShape {
    const FIELDS: &[Field] = &[
        Field::new("name", "name", &[], <String as Shape>::shape),
        Field::new("pin", "pin", &[], secret),
        Field::new("pins", "pins", &[], || TypeShape::new(Form::List(secret))),
        Field::new("note", "note", &[], <String as Shape>::shape),
    ];
    TypeShape::new(Form::Object(FIELDS))
}

fn plan(rules: &[Rule]) -> Plan {
    Plan::compile(&JsonObject::new(), Some(wrap), rules)
}

#[test]
fn a_fields_hash_leaves_out_what_a_ceiling_inside_it_forbids() {
    let plan = plan(&[rule(&["wrap"], Level::Hash)]);
    let hash = |pin: &str, name: &str| {
        of_filter(&plan, json!({"name": name, "pin": pin, "pins": [pin], "note": "n"}))
    };
    assert!(hash("1111", "a").is_some());
    assert_eq!(hash("1111", "a"), hash("2222", "a"));
    assert_ne!(hash("1111", "a"), hash("1111", "b"));
}

#[test]
fn a_fields_hash_leaves_out_what_a_rule_inside_it_keeps_lower() {
    let lower = |level| plan(&[rule(&["wrap"], Level::Hash), rule(&["wrap", "note"], level)]);
    for level in [Level::Omit, Level::Kind, Level::Len] {
        let hash = |note| of_filter(&lower(level), json!({"name": "a", "note": note}));
        assert_eq!(hash("x"), hash("y"), "{level}");
    }
    let absent = of_filter(&lower(Level::Omit), json!({"name": "a"}));
    let present = of_filter(&lower(Level::Omit), json!({"name": "a", "note": "x"}));
    assert_eq!(absent, present, "the hash must not tell whether an omitted field is there");
}

#[test]
fn the_hash_of_all_arguments_covers_them_all() {
    let plan = plan(&[rule(&["wrap"], Level::Hash)]);
    let hash = |pin| capture(&plan, json!({"wrap": {"pin": pin}}), Lengths::Exact).hash;
    assert_ne!(hash("1111"), hash("2222"));
}

#[test]
fn a_value_rule_is_clamped_by_the_types_ceiling() {
    let plan = plan(&[rule(&["wrap", "pin"], Level::Value)]);
    let mut out = capture(&plan, json!({"wrap": {"pin": "1"}}), Lengths::Exact);
    plan.expose(0, Exposed::int(1), &mut out);
    assert_eq!(text(&out), "bytes=17 keys=1\nwrap object 1\nwrap.pin string");
}
