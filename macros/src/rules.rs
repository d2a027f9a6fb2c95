//! Decides whether the arguments make sense together, and says so where they do not.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::LitStr;

use crate::args::{Arguments, Intent, Rule, Tag};
use crate::diagnostics::Diagnostics;

/// The characters that a tool's name in MCP may have.
const NAME_CHARS: &str = "letters, digits, `_`, `-` and `.`";
const NAME_MAX_CHARS: usize = 128;
/// A schema property is paid for in tokens on every list call.
const TEXT_MAX_CHARS: usize = 120;
const INTENT_MAX_CHARS: u16 = 2000;
const TAGS_MAX: usize = 50;
const TAG_KEY_MAX_CHARS: usize = 32;
const TAG_VALUE_MAX_CHARS: usize = 200;

/// Checks the arguments against each other and against the bounds.
pub(crate) fn check(arguments: &Arguments, has_parameters: bool, errors: &Diagnostics) {
    if let Some(skip) = &arguments.skip {
        if arguments.keys.iter().any(|key| key != "skip" && key != "crate") {
            let wrong =
                "`skip` records nothing, so it stands alone; remove `skip` or the other arguments";
            errors.error(skip.span(), wrong);
        }
        return;
    }
    check_parameters(arguments, has_parameters, errors);
    check_rules(&arguments.rules, errors);
    check_intent(&arguments.intent, errors);
    check_tags(&arguments.tags, errors);
    if let Some(name) = &arguments.name {
        check_name(name, errors);
    }
}

fn check_parameters(arguments: &Arguments, has_parameters: bool, errors: &Diagnostics) {
    match (&arguments.args, &arguments.deny_unlisted) {
        (Some(key), _) if !has_parameters => errors.error(
            key.span(),
            "rules need a parameter of type `Parameters<T>`; add one or remove `args`",
        ),
        (None, Some(key)) => errors.error(
            key.span(),
            "`deny_unlisted` needs rules; write `args(field = len)` beside it or remove it",
        ),
        _ => {}
    }
}

fn check_rules(rules: &[Rule], errors: &Diagnostics) {
    let mut seen = BTreeSet::new();
    for rule in rules {
        let names = rule.names();
        let at = rule.path.first().map_or_else(Span::call_site, proc_macro2::Ident::span);
        let path = names.join(".");
        if !seen.insert(names.clone()) {
            errors.error(at, format!("`{path}` has two rules; keep one of them"));
        } else if let Some(above) = rules.iter().find(|other| hides(other, &names)) {
            let above = above.names().join(".");
            let wrong = format!("the rule of `{above}` hides `{path}`; remove one of the two");
            errors.error(at, wrong);
        }
    }
}

/// Whether a rule records nothing below its field, which lies above `names`.
fn hides(rule: &Rule, names: &[String]) -> bool {
    let above = rule.names();
    (rule.is("omit") || rule.is("kind")) && above.len() < names.len() && names.starts_with(&above)
}

fn check_intent(intent: &Intent, errors: &Diagnostics) {
    let off = intent.mode.as_ref().is_some_and(|mode| mode == "off");
    let parts =
        [intent.text.as_ref().map(|(key, _)| key), intent.max_chars.as_ref().map(|(key, _)| key)];
    if let (true, Some(part)) = (off, parts.into_iter().flatten().next()) {
        let wrong = format!("`{part}` has no effect when `intent` is `off`; remove one of the two");
        errors.error(part.span(), wrong);
        return;
    }
    if let Some((_, text)) = &intent.text {
        let count = text.value().chars().count();
        if count == 0 || count > TEXT_MAX_CHARS || text.value().chars().any(char::is_control) {
            let wrong =
                format!("`text` has {count} characters; write one line of 1 to {TEXT_MAX_CHARS}");
            errors.error(text.span(), wrong);
        }
    }
    if let Some((_, bound)) = &intent.max_chars
        && !bound.base10_parse::<u16>().is_ok_and(|value| (1..=INTENT_MAX_CHARS).contains(&value))
    {
        let wrong =
            format!("`max_chars` is out of range; write a number from 1 to {INTENT_MAX_CHARS}");
        errors.error(bound.span(), wrong);
    }
}

fn check_name(name: &LitStr, errors: &Diagnostics) {
    let value = name.value();
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if value.is_empty() || value.len() > NAME_MAX_CHARS || !value.chars().all(fits) {
        let wrong = format!(
            "this cannot be the name of a tool; write 1 to {NAME_MAX_CHARS} characters of {NAME_CHARS}"
        );
        errors.error(name.span(), wrong);
    }
}

fn check_tags(tags: &[Tag], errors: &Diagnostics) {
    let mut seen = BTreeSet::new();
    for tag in tags {
        check_tag(tag, errors);
        if !seen.insert(&tag.key) {
            errors.error(tag.at, format!("tag `{}` is given twice; keep one of them", tag.key));
        }
    }
    if let Some(tag) = tags.get(TAGS_MAX) {
        errors.error(tag.at, format!("a tool has at most {TAGS_MAX} tags; remove the rest"));
    }
}

fn check_tag(tag: &Tag, errors: &Diagnostics) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.-".contains(c);
    if tag.key.is_empty() || tag.key.len() > TAG_KEY_MAX_CHARS || !tag.key.chars().all(fits) {
        let wrong = format!(
            "`{}` cannot be the key of a tag; write 1 to {TAG_KEY_MAX_CHARS} of a-z, 0-9, `_`, `.` and `-`",
            tag.key
        );
        errors.error(tag.at, wrong);
    }
    let value = tag.value.value();
    let count = value.chars().count();
    if count == 0 || count > TAG_VALUE_MAX_CHARS || value.chars().any(char::is_control) {
        let wrong = format!(
            "a tag's value has 1 to {TAG_VALUE_MAX_CHARS} characters and no control characters; write a shorter label"
        );
        errors.error(tag.value.span(), wrong);
    }
}
