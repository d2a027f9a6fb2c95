//! A plan that was lowered records what the same rules in the source would.

use std::collections::BTreeSet;

use super::*;

/// Every field of the sample, with the path that a rule has for it.
const FIELDS: [(&str, &[&str]); 9] = [
    ("q", &["query"]),
    ("token", &["token"]),
    ("filter", &["filter"]),
    ("filter.lang", &["filter", "lang"]),
    ("filter.deep", &["filter", "deep"]),
    ("tags", &["tags"]),
    ("kind", &["kind"]),
    ("pageSize", &["page", "size"]),
    ("cursor", &["page", "cursor"]),
];

const LEVELS: [Level; 5] = [Level::Omit, Level::Kind, Level::Len, Level::Hash, Level::Value];

fn args() -> Value {
    json!({
        "q": "lifetimes", "token": "secret", "tags": ["a", "bc"], "extra": 1, "pageSize": 20,
        "filter": {"lang": "en", "deep": [{"lang": "fr"}], "more": 2},
        "kind": {"type": "circle", "radius": 2.5}, "cursor": "abc"
    })
}

fn compile(rules: &[Rule]) -> Plan {
    Plan::compile(&search_schema(), Some(search), rules)
}

/// All that is recorded, hashes included.
fn recorded(plan: &Plan, args: Value) -> String {
    format!("{:?}", capture(plan, args, Lengths::Exact))
}

#[test]
fn lowering_a_field_records_what_its_rule_would() {
    for (path, rust) in FIELDS {
        let everything: Vec<Rule> =
            FIELDS.iter().map(|(_, rust)| rule(rust, Level::Hash)).collect();
        for level in LEVELS {
            let mut rules = everything.clone();
            rules.retain(|other| other.path != rust);
            rules.push(rule(rust, level.min(Level::Hash)));
            let of_rules = compile(&rules);
            let choose = |name: Name, own| if name.as_str() == path { level } else { own };
            let lowered = compile(&everything).lowered(choose);
            for args in [args(), json!({}), json!({"filter": {}, "q": null})] {
                let (expected, found) =
                    (recorded(&of_rules, args.clone()), recorded(&lowered, args));
                assert_eq!(found, expected, "{path} at {level}");
            }
        }
    }
}

#[test]
fn a_hook_that_asks_for_more_or_for_the_same_changes_nothing() {
    let plan = compile(&[rule(&["query"], Level::Hash), rule(&["tags"], Level::Kind)]);
    let expected = recorded(&plan, args());
    assert_eq!(recorded(&plan.lowered(|_, _| Level::Value), args()), expected);
    assert_eq!(recorded(&plan.lowered(|_, level| level), args()), expected);
}

#[test]
fn sums_do_not_tell_what_was_taken_away() {
    let plan = compile(&[]).lowered(|_, _| Level::Omit);
    check(&plan, json!({"q": "a", "tags": []}), "bytes=2 keys=0");
    check(&plan, args(), "bytes=11 keys=1 unknown=1");
    let plan = compile(&[]).lowered(|_, _| Level::Kind);
    check(&plan, json!({"q": "a"}), "bytes=6 keys=1\nq string");
    check(&plan, json!({"q": "a much longer text"}), "bytes=6 keys=1\nq string");
}

#[test]
fn a_value_that_was_lowered_is_not_released() {
    let plan = compile(&[rule(&["query"], Level::Value)]);
    assert!(plan.may_expose(0));
    for level in [Level::Hash, Level::Len, Level::Kind, Level::Omit] {
        let lowered = plan.lowered(|_, _| level);
        assert!(!lowered.may_expose(0));
        let mut out = capture(&lowered, json!({"q": "a"}), Lengths::Exact);
        lowered.expose(0, Exposed::bool(true), &mut out);
        assert!(out.fields.iter().all(|field| field.value.is_none()));
    }
}

#[test]
fn each_field_is_asked_for_once_and_omitted_ones_are_not() {
    let mut asked = Vec::new();
    compile(&[rule(&["token"], Level::Omit)]).lowered(|path, level| {
        asked.push(path.as_str());
        level
    });
    assert!(asked.contains(&"filter.deep.*.lang") && asked.contains(&"kind.type"), "{asked:?}");
    assert!(!asked.contains(&"token") && !asked.contains(&""), "{asked:?}");
    let distinct: BTreeSet<_> = asked.iter().collect();
    assert_eq!(distinct.len(), asked.len(), "{asked:?}");
}

#[test]
fn the_path_of_a_fault_ends_where_a_field_was_taken_away() {
    let plan = compile(&[]);
    assert_eq!(plan.mask("/filter/lang").as_str(), "filter.lang");
    let lowered = plan.lowered(|path, level| match path.as_str() {
        "filter" => Level::Kind,
        "q" => Level::Omit,
        _ => level,
    });
    assert_eq!(lowered.mask("/filter/lang").as_str(), "filter.*");
    assert_eq!(lowered.mask("/q").as_str(), "*");
}
