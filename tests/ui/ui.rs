//! What the macros refuse, and with which words; what they accept.

#![expect(clippy::expect_used, reason = "a test stops at once")]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn macros_accept_and_refuse() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*.rs");
}

#[test]
fn no_message_names_a_generated_item() {
    for (case, message) in messages() {
        for hidden in ["__toolwatch", "__private", "_unwatched"] {
            assert!(!message.contains(hidden), "{} names `{hidden}`", case.display());
        }
    }
}

/// The compiler goes through the impls of several crates, or of several files of one crate, in the
/// order of hashes that change with the place of the checkout.
#[test]
fn no_message_changes_with_the_place_of_the_sources() {
    for (case, message) in messages() {
        let other_file = message.lines().find(|line| line.trim_start().starts_with(":::"));
        assert_eq!(other_file, None, "{} lists impls of several files", case.display());
    }
}

#[test]
fn every_error_stands_on_a_token_of_the_author() {
    for (case, message) in messages() {
        let source = fs::read_to_string(case.with_extension("rs")).expect("a case has a source");
        let places = places_of_errors(&message);
        assert!(!places.is_empty(), "{}: no error", case.display());
        let file = format!("fail/{}", name(&case.with_extension("rs")));
        for place in places {
            let token = place.strip_prefix(&file).and_then(|place| token_at(&source, place));
            let token = token.unwrap_or_else(|| panic!("{}: no token at {place}", case.display()));
            let is_ours = token.starts_with("#[watched_tool");
            assert!(!is_ours, "{}: {place} is the attribute as a whole", case.display());
        }
    }
}

/// The place behind the first arrow after each error's first line.
fn places_of_errors(message: &str) -> Vec<&str> {
    let mut places = Vec::new();
    let mut lines = message.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("error") {
            let place = lines.next().and_then(|line| line.trim_start().strip_prefix("--> "));
            places.push(place.unwrap_or("nowhere"));
        }
    }
    places
}

/// The source from a `:line:column` on.
fn token_at<'a>(source: &'a str, place: &str) -> Option<&'a str> {
    let mut numbers = place.split(':').skip(1).map(str::parse::<usize>);
    let (line, column) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let rest = source.lines().nth(line.checked_sub(1)?)?.get(column.checked_sub(1)?..)?;
    rest.starts_with(|c: char| !c.is_whitespace()).then_some(rest)
}

fn messages() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let files = fs::read_dir(folder).expect("the folder of cases is there");
    let mut messages: Vec<_> = files
        .map(|file| file.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .map(|path| (path.clone(), fs::read_to_string(path).expect("a readable message")))
        .collect();
    messages.sort();
    assert!(messages.len() >= 40, "cases are missing");
    messages
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
