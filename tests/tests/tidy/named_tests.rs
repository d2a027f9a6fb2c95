//! The tests that documents name are there: a promise whose test was renamed is no longer held.

use std::collections::BTreeSet;

use crate::tree::{self, File};

/// The documents that say which test holds what.
const DOCUMENTS: [&str; 3] = ["docs/acceptance.md", "docs/spec/delivery.md", "ARCHITECTURE.md"];

/// A name with so many words is taken for a test's; settings and members are shorter.
const MIN_WORDS: usize = 4;

/// The tests and suites that a document names and that are not among `known`.
fn missing<'t>(text: &'t str, known: &BTreeSet<&str>) -> Vec<&'t str> {
    let quoted = text.split("```").step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2));
    quoted.filter(|name| is_test_name(name) && !known.contains(name)).collect()
}

fn is_test_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
    is_name && name.chars().all(is_word) && name.split('_').count() >= MIN_WORDS
}

/// The name of every fn of the repository.
fn functions(files: &[File]) -> BTreeSet<&str> {
    let lines = files.iter().filter(|file| file.is_rust()).flat_map(|file| file.text.lines());
    let after = lines.filter_map(|line| Some(line.split_once("fn ")?.1));
    after.map(|rest| rest.split(['(', '<']).next().unwrap_or_default()).collect()
}

/// The suites of the workspace that a document names by their file and that do not exist.
fn missing_suites(text: &str, files: &[File]) -> Vec<String> {
    let quoted = text.split("```").step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2));
    let suites = quoted.filter(|name| name.ends_with(".rs") && !name.contains(['/', '*']));
    let exists = |name: &str| files.iter().any(|file| file.is_rust() && file.name() == name);
    suites.filter(|name| !exists(name)).map(ToOwned::to_owned).collect()
}

#[test]
fn every_test_that_a_document_names_exists() {
    let files = tree::files();
    let known = functions(&files);
    let mut faults = Vec::new();
    for path in DOCUMENTS {
        let document = files.iter().find(|file| file.path == path);
        let text = document.map_or("", |file| file.text.as_str());
        assert!(!text.is_empty(), "{path} was not found");
        let gone = missing(text, &known).into_iter().map(ToOwned::to_owned);
        let gone = gone.chain(missing_suites(text, &files));
        faults.extend(gone.map(|name| format!("{path}: `{name}` does not exist")));
    }
    crate::report(faults);
}

#[test]
fn a_test_that_is_gone_is_found() {
    let known = BTreeSet::from(["one_that_is_there"]);
    let text = "`one_that_is_there` `one_that_is_gone` `on_error` ```\n`not_in_a_block`\n```";
    assert_eq!(missing(text, &known), ["one_that_is_gone"]);
    let files = [File::sample("tests/tests/kill.rs", "")];
    assert_eq!(missing_suites("`kill.rs` `gone.rs` `runtime/src/x.rs`", &files), ["gone.rs"]);
}
