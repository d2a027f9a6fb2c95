//! Reads the repository and holds the rules of CONTRIBUTING.md that a program can hold.
//!
//! Each rule is a function from a file to the faults it found. It has two tests: one over the tree,
//! and one that feeds it a bad sample, because a rule that cannot fail holds nothing.

mod layers;
mod lock_rules;
mod named_tests;
mod prose_rules;
mod rust_rules;
mod source;
mod tree;

use tree::File;

/// Fails with every fault that `rule` finds in the repository.
#[track_caller]
fn check(rule: impl Fn(&File) -> Vec<String>) {
    let files = tree::files();
    assert!(files.len() > 10, "the repository was not found at {}", tree::root().display());
    report(files.iter().flat_map(rule).collect());
}

#[track_caller]
fn report(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} fault(s):\n{}", faults.len(), faults.join("\n"));
}

/// Fails unless `rule` finds exactly `count` faults in a sample at `path`.
#[track_caller]
fn finds(count: usize, rule: impl Fn(&File) -> Vec<String>, path: &str, text: &str) {
    let faults = rule(&File::sample(path, text));
    assert_eq!(faults.len(), count, "{faults:#?}");
}

const LIBRARY: &str = "runtime/src/sample.rs";

#[test]
fn every_rust_file_opens_with_its_module_doc() {
    check(rust_rules::opens_with_module_doc);
}

#[test]
fn a_file_without_module_doc_is_found() {
    finds(1, rust_rules::opens_with_module_doc, LIBRARY, "use std::fmt;\n//! too late\n");
    finds(0, rust_rules::opens_with_module_doc, LIBRARY, "//! Purpose.\n");
    finds(0, rust_rules::opens_with_module_doc, "tests/ui/case.rs", "fn main() {}\n");
}

#[test]
fn every_file_is_at_most_300_lines() {
    check(rust_rules::file_is_short);
}

#[test]
fn a_file_of_301_lines_is_found() {
    finds(1, rust_rules::file_is_short, LIBRARY, &"//!\n".repeat(301));
    finds(0, rust_rules::file_is_short, LIBRARY, &"//!\n".repeat(300));
}

#[test]
fn every_function_is_at_most_70_lines() {
    check(rust_rules::functions_are_short);
}

#[test]
fn a_function_of_71_lines_is_found() {
    let body =
        |lines: usize| format!("fn a(x: [u8; 3]) {{\n{}}}\n", "    // {\n".repeat(lines - 2));
    finds(1, rust_rules::functions_are_short, LIBRARY, &body(71));
    finds(0, rust_rules::functions_are_short, LIBRARY, &body(70));
    finds(0, rust_rules::functions_are_short, LIBRARY, &format!("fn declared();\n{}", body(70)));
}

#[test]
fn imports_follow_the_direction_of_the_data() {
    check(layers::import_direction);
    check(layers::no_climbing);
}

#[test]
fn an_import_against_the_direction_is_found() {
    let rule = layers::import_direction;
    finds(1, rule, "runtime/src/event/id.rs", "use rmcp::model::Meta;");
    finds(2, rule, "runtime/src/event/id.rs", "use crate::{capture::Shape, event::Name, spool};");
    finds(1, rule, "runtime/src/spool/mod.rs", "use super::sender::Batch;");
    finds(1, rule, "runtime/src/sender.rs", "fn f() { crate::attach::open() }");
    finds(
        0,
        rule,
        "runtime/src/event/id.rs",
        "//! Not [`crate::capture`].\nuse crate::shape::Exposed;",
    );
    finds(0, rule, "runtime/src/event/id.rs", "#[cfg(test)]\nmod tests { use rmcp::model::Meta; }");
    finds(1, layers::no_climbing, LIBRARY, "use super::super::capture;");
}

#[test]
fn libraries_write_nothing_to_stdout() {
    check(rust_rules::libraries_leave_stdout_alone);
}

#[test]
fn a_print_in_a_library_is_found() {
    let rule = rust_rules::libraries_leave_stdout_alone;
    finds(1, rule, LIBRARY, "fn f() { println!(\"x\"); }");
    finds(1, rule, LIBRARY, "fn f() { let out = std::io::stdout().lock(); }");
    finds(0, rule, LIBRARY, "/// println!(\"x\");\nfn f() { eprintln!(\"dbg!\"); }");
    finds(0, rule, "examples/src/lib.rs", "fn f() { println!(\"x\"); }");
}

#[test]
fn libraries_have_no_unwrap_expect_or_panic() {
    check(rust_rules::libraries_never_stop_the_server);
}

#[test]
fn an_unwrap_in_a_library_is_found() {
    let rule = rust_rules::libraries_never_stop_the_server;
    finds(1, rule, LIBRARY, "fn f() { a().unwrap(); }");
    finds(1, rule, LIBRARY, "fn f() { a().expect(\"reason\"); }");
    finds(0, rule, LIBRARY, "#[expect(dead_code, reason = \"\")]\nfn f() { a().unwrap_or(1); }");
    finds(0, rule, LIBRARY, "#[cfg(test)]\nmod tests {\n fn f() { a().unwrap() }\n}");
    finds(0, rule, "runtime/src/spool/tests.rs", "fn f() { a().unwrap(); }");
}

#[test]
fn a_module_declared_for_tests_is_no_library() {
    let declares = File::sample(
        "runtime/src/capture/mod.rs",
        "#[cfg(test)]\npub(crate) mod sample;\nmod walk;",
    );
    assert_eq!(tree::test_modules(&declares), ["runtime/src/capture/sample"]);
    let nested = File::sample("runtime/src/spool.rs", "#[cfg(test)]\nmod model;");
    assert_eq!(tree::test_modules(&nested), ["runtime/src/spool/model"]);
}

#[test]
fn nothing_is_left_unfinished() {
    check(rust_rules::nothing_is_unfinished);
    check(rust_rules::to_dos_name_an_issue);
}

#[test]
fn an_unfinished_function_is_found() {
    finds(1, rust_rules::nothing_is_unfinished, LIBRARY, "fn f() { todo!() }");
    finds(1, rust_rules::to_dos_name_an_issue, LIBRARY, concat!("// TO", "DO: later"));
    finds(0, rust_rules::to_dos_name_an_issue, LIBRARY, concat!("// TO", "DO(#3): later"));
}

#[test]
fn no_test_is_ignored_or_expected_to_panic() {
    check(rust_rules::no_test_is_hidden);
}

#[test]
fn an_ignored_test_is_found() {
    finds(1, rust_rules::no_test_is_hidden, LIBRARY, "#[test]\n#[ignore]\nfn f() {}");
    finds(
        1,
        rust_rules::no_test_is_hidden,
        LIBRARY,
        "#[should_panic(expected = \"x\")]\nfn f() {}",
    );
}

#[test]
fn every_silenced_lint_says_why() {
    check(rust_rules::silenced_lints_have_a_reason);
}

#[test]
fn a_bare_allow_is_found() {
    let rule = rust_rules::silenced_lints_have_a_reason;
    finds(1, rule, LIBRARY, "#[allow(dead_code)]\nfn f() {}");
    finds(1, rule, LIBRARY, "#![expect(dead_code)]");
    finds(0, rule, LIBRARY, "#![allow(\n    dead_code,\n    reason = \"why\"\n)]");
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    check(prose_rules::no_machine_paths);
}

#[test]
fn a_machine_path_is_found() {
    finds(1, prose_rules::no_machine_paths, "README.md", concat!("see /ho", "me/someone/notes"));
    finds(0, prose_rules::no_machine_paths, "README.md", "see ~/.local/state");
}

#[test]
fn every_link_in_a_document_leads_to_a_file() {
    check(prose_rules::links_lead_somewhere);
}

#[test]
fn a_dead_link_is_found() {
    finds(
        1,
        prose_rules::links_lead_somewhere,
        "docs/x.md",
        "[a](nowhere.md#part) [b](../README.md)",
    );
    finds(
        0,
        prose_rules::links_lead_somewhere,
        "docs/x.md",
        "[a](https://example.com) ```\n[b](c)\n```",
    );
}

#[test]
fn a_link_to_a_heading_that_is_gone_is_found() {
    finds(
        1,
        prose_rules::links_lead_somewhere,
        "docs/x.md",
        "[a](../README.md#where-events-go) [b](../README.md#nowhere)",
    );
}

#[test]
fn every_decision_is_numbered_and_indexed() {
    let index = tree::file("docs/adr/README.md").text;
    report(prose_rules::decisions_are_numbered_and_indexed(&tree::files(), &index));
}

#[test]
fn a_decision_outside_the_index_is_found() {
    let files = ["docs/adr/002-right.md", "docs/adr/3_Wrong.md"].map(|path| File::sample(path, ""));
    let check = |index| prose_rules::decisions_are_numbered_and_indexed(&files, index).len();
    assert_eq!(check("[a](002-right.md) [b](3_Wrong.md)"), 1);
    assert_eq!(check("[a](002-right.md)"), 2);
}

#[test]
fn the_changelog_has_an_open_section_and_tagged_lines() {
    report(prose_rules::changelog_is_open_and_tagged(&tree::file("CHANGELOG.md").text));
}

#[test]
fn a_closed_or_untagged_changelog_is_found() {
    let check = |text| prose_rules::changelog_is_open_and_tagged(text).len();
    assert_eq!(check("## [0.1.0]\n- added: a thing"), 1);
    assert_eq!(check("## [Unreleased]\n- a thing"), 1);
    assert_eq!(check("## [Unreleased]\n- fixed: a thing"), 0);
}

#[test]
fn the_quick_start_is_two_commands_that_ci_runs() {
    let (readme, ci) = (tree::file("README.md").text, tree::file(".ci/run").text);
    report(prose_rules::quick_start_is_two_commands(&readme, &ci));
}

#[test]
fn a_quick_start_that_ci_does_not_run_is_found() {
    let readme =
        "# x\n\n## Quick start\n```sh\na b\n```\n```sh\nc d\n```\n\n## Next\n```sh\ne\n```\n";
    let check = |ci| prose_rules::quick_start_is_two_commands(readme, ci).len();
    assert_eq!(check("a b\nstep c d\n"), 0);
    assert_eq!(check("a b\nc d --more\n"), 1);
    assert_eq!(prose_rules::quick_start_is_two_commands("# x\n", "").len(), 1);
}

#[test]
fn every_setting_that_is_read_is_documented() {
    report(prose_rules::settings_are_documented(&tree::files(), &tree::file("README.md").text));
}

#[test]
fn an_undocumented_setting_is_found() {
    let files = [File::sample(LIBRARY, "const A: &str = \"TOOLWATCH_A\";")];
    assert_eq!(prose_rules::settings_are_documented(&files, "| `TOOLWATCH_B` |").len(), 1);
    assert_eq!(prose_rules::settings_are_documented(&files, "| `TOOLWATCH_A` |").len(), 0);
}

#[test]
fn the_lock_file_holds_what_deny_toml_allows() {
    let (lock, deny) = (tree::file("Cargo.lock").text, tree::file("deny.toml").text);
    let banned = lock_rules::banned(&deny);
    assert!(!banned.is_empty(), "the bans of deny.toml were not found");
    report(lock_rules::no_banned_crates(&lock, &banned));
    report(lock_rules::only_crates_io(&lock));
    report(lock_rules::syn_2_only_below_foreign_macros(&lock, &lock_rules::syn_2_users(&deny)));
    report(lock_rules::macros_stay_small(&lock));
}

#[test]
fn a_banned_crate_is_found() {
    let lock = "[[package]]\nname = \"openssl-sys\"\nversion = \"1\"\nsource = \"git+x\"\n\n\
        [[package]]\nname = \"toolwatch-macros\"\nversion = \"1\"\ndependencies = [\n \"quote\",\n \"syn 2.0.1\",\n \"time\",\n]\n";
    let deny = "    { crate = \"openssl-sys\", reason = \"\" },\n    { crate = \"syn:<3\", wrappers = [\"strum_macros\"] },\n";
    assert_eq!(lock_rules::no_banned_crates(lock, &lock_rules::banned(deny)).len(), 1);
    assert_eq!(lock_rules::only_crates_io(lock).len(), 1);
    assert_eq!(lock_rules::syn_2_users(deny), ["strum_macros"]);
    assert_eq!(lock_rules::syn_2_only_below_foreign_macros(lock, &["strum_macros"]).len(), 1);
    assert_eq!(lock_rules::macros_stay_small(lock).len(), 1);
}
