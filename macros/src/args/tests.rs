//! What is read from arguments, and what is said about those that cannot be read.

use std::str::FromStr;

use proc_macro2::TokenStream;

use super::Arguments;
use crate::diagnostics::Diagnostics;

fn read(text: &str) -> (Arguments, Vec<String>) {
    let errors = Diagnostics::new();
    let arguments = super::read(TokenStream::from_str(text).expect("tokens"), &errors);
    crate::rules::check(&arguments, true, &errors);
    let errors = errors.finish().iter().map(|error| message(error.clone())).collect();
    (arguments, errors)
}

/// The text inside `compile_error!`.
fn message(error: TokenStream) -> String {
    let text = error.to_string();
    let (_, text) = text.split_once('"').expect("a message");
    text.rsplit_once('"').expect("a message").0.replace("\\\"", "\"")
}

#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let (_, errors) = read(text);
    assert_eq!(errors, expect);
}

#[track_caller]
fn accept(text: &str) -> Arguments {
    let (arguments, errors) = read(text);
    assert_eq!(errors, [""; 0]);
    arguments
}

#[test]
fn nothing_means_the_defaults() {
    let arguments = accept("");
    assert!(arguments.keys.is_empty() && arguments.skip.is_none() && arguments.rules.is_empty());
}

#[test]
fn every_argument_is_read() {
    let arguments = accept(
        "args(a.b = len + volatile, r#type = value), deny_unlisted, intent(required, text = \"w\", \
         max_chars = 7), name = \"n\", tags(cost.center = \"x\"), crate = a::b,",
    );
    assert_eq!(arguments.rules[0].names(), ["a", "b"]);
    assert!(arguments.rules[0].is("len") && arguments.rules[0].volatile.is_some());
    assert_eq!(arguments.rules[1].names(), ["type"]);
    assert_eq!(arguments.tags[0].key, "cost.center");
    assert!(arguments.deny_unlisted.is_some() && arguments.krate.is_some());
    assert!(arguments.intent.mode.is_some_and(|mode| mode == "required"));
    assert_eq!(arguments.name.map(|name| name.value()).as_deref(), Some("n"));
}

#[test]
fn a_mistake_does_not_hide_the_next() {
    check(
        "argz(a = len), name = 7, intent = maybe, tags(x), skip(1)",
        &[
            "unknown argument `argz`; write `args`",
            "`name` needs another value; write `name = \"search\"`",
            "unknown mode `maybe` of `intent`; write one of `off`, `optional`, `required`",
            "a tag needs a value; write `team = \"search\"`",
            "`skip` takes no value; write `skip`",
        ],
    );
}

#[test]
fn rules_are_read_one_by_one() {
    check(
        "args(a = lenn, b, c = len + len, d.e. = len, f = value + volatile, f = omit)",
        &[
            "unknown level `lenn`; write `len`",
            "a rule needs a level; write `field = len`",
            "a rule has one level, and `volatile` once; write `len + volatile`",
            "a rule names a field; write `field` or `field.nested`",
            "`f` has two rules; keep one of them",
        ],
    );
}

#[test]
fn contradictions_are_refused() {
    let skip = "`skip` records nothing, so it stands alone; remove `skip` or the other arguments";
    check("skip, name = \"a\"", &[skip]);
    check("args(a = kind, a.b = value)", &["the rule of `a` hides `a.b`; remove one of the two"]);
    let off = "`max_chars` has no effect when `intent` is `off`; remove one of the two";
    check("intent(off, max_chars = 2)", &[off]);
    let deny = "`deny_unlisted` needs rules; write `args(field = len)` beside it or remove it";
    check("deny_unlisted", &[deny]);
}

#[test]
fn bounds_include_their_ends() {
    let (text, name, key) = ("t".repeat(120), "n".repeat(128), "k".repeat(32));
    accept(&format!(
        "intent(text = \"{text}\", max_chars = 2000), name = \"{name}\", tags({key} = \"v\")"
    ));
    accept("intent(max_chars = 1)");
    check(
        "intent(max_chars = -1)",
        &["`max_chars` is out of range; write a number from 1 to 2000"],
    );
    check(
        "intent(max_chars = 2001)",
        &["`max_chars` is out of range; write a number from 1 to 2000"],
    );
}

#[test]
fn a_tool_has_at_most_fifty_tags() {
    let tags = |count: usize| (0..count).map(|n| format!("t{n} = \"v\",")).collect::<String>();
    accept(&format!("tags({})", tags(50)));
    check(&format!("tags({})", tags(51)), &["a tool has at most 50 tags; remove the rest"]);
}
