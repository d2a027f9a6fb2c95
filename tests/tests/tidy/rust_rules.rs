//! The rules for one Rust file. Each returns what it found, one sentence per fault.

use crate::source::{code_only, functions, lines_where, without_tests};
use crate::tree::File;

/// A file of more lines does two things.
pub(crate) const MAX_FILE_LINES: usize = 300;

/// A function of more lines does not fit on a screen; aim at 10.
pub(crate) const MAX_FUNCTION_LINES: usize = 70;

/// Files that may be longer, each with its reason. Keep it empty if you can.
const LONG_FILES: [(&str, &str); 0] = [];

/// What writes to stdout, which is the protocol of a stdio server.
const STDOUT: [&str; 4] = ["println!", "print!", "dbg!", "stdout()"];

/// What stops the author's server.
const STOPS: [&str; 4] = [".unwrap()", ".expect(", "panic!(", "unreachable_unchecked"];

/// Where a stop is right, each with its reason. Keep it short.
const MAY_STOP: [(&str, &str, &str); 1] = [(
    "macros/src/expand/entry.rs",
    "panic!(",
    "a type without a schema stops the server at start-up, as it does under `#[tool]` alone",
)];

/// What is not finished.
const UNFINISHED: [&str; 2] = ["todo!", "unimplemented!"];

/// What hides a test that fails, or lets it pass for the wrong reason.
const HIDDEN_TESTS: [&str; 2] = ["#[ignore", "#[should_panic"];

pub(crate) fn opens_with_module_doc(file: &File) -> Vec<String> {
    if !file.is_own_rust() || file.text.starts_with("//!") {
        return Vec::new();
    }
    vec![format!(
        "{}:1: open the file with `//!`: what it is for, and what it does not do",
        file.path
    )]
}

pub(crate) fn file_is_short(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let excused = LONG_FILES.iter().any(|(path, _)| *path == file.path);
    if !file.is_own_rust() || excused || lines <= MAX_FILE_LINES {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines; at most {MAX_FILE_LINES}: move one of its ideas out",
        file.path
    )]
}

pub(crate) fn functions_are_short(file: &File) -> Vec<String> {
    if !file.is_own_rust() {
        return Vec::new();
    }
    let long =
        functions(&code_only(&file.text)).into_iter().filter(|f| f.lines > MAX_FUNCTION_LINES);
    let fault = |f: crate::source::Function| {
        format!(
            "{}:{}: fn {} has {} lines; at most {MAX_FUNCTION_LINES}",
            file.path, f.line, f.name, f.lines
        )
    };
    long.map(fault).collect()
}

pub(crate) fn libraries_leave_stdout_alone(file: &File) -> Vec<String> {
    let why = "stdout is the protocol; count it, or use `tracing`";
    if file.is_library() { named(file, &code_only(&file.text), &STDOUT, why) } else { Vec::new() }
}

pub(crate) fn libraries_never_stop_the_server(file: &File) -> Vec<String> {
    let why = "return an error, or `debug_assert!` and a counted fallback";
    let excused = |mark| MAY_STOP.iter().any(|(path, stop, _)| *path == file.path && *stop == mark);
    let marks: Vec<&str> = STOPS.into_iter().filter(|mark| !excused(*mark)).collect();
    let code = without_tests(&code_only(&file.text));
    if file.is_library() { named(file, &code, &marks, why) } else { Vec::new() }
}

pub(crate) fn nothing_is_unfinished(file: &File) -> Vec<String> {
    let why = "finish it, or leave it out";
    if file.is_own_rust() {
        named(file, &code_only(&file.text), &UNFINISHED, why)
    } else {
        Vec::new()
    }
}

pub(crate) fn no_test_is_hidden(file: &File) -> Vec<String> {
    let why = "make the test run everywhere and check what it expects";
    if file.is_own_rust() {
        named(file, &code_only(&file.text), &HIDDEN_TESTS, why)
    } else {
        Vec::new()
    }
}

pub(crate) fn to_dos_name_an_issue(file: &File) -> Vec<String> {
    let mark = ["TO", "DO"].concat();
    let open = |line: &str| line.contains(&mark) && !line.contains(&format!("{mark}(#"));
    let fault =
        |line| format!("{}:{line}: write `{mark}(#12)` with the number of an issue", file.path);
    if !file.is_own_rust() {
        return Vec::new();
    }
    lines_where(&file.text, open).into_iter().map(fault).collect()
}

pub(crate) fn silenced_lints_have_a_reason(file: &File) -> Vec<String> {
    let code = if file.is_own_rust() { code_only(&file.text) } else { String::new() };
    let mut faults = Vec::new();
    for mark in ["[allow(", "[expect("] {
        for (start, _) in code.match_indices(mark) {
            let attribute = code[start..].split(']').next().unwrap_or_default();
            if !attribute.contains("reason") {
                let line = code[..start].matches('\n').count() + 1;
                faults
                    .push(format!("{}:{line}: say `reason = \"...\"` in #{mark}...)]", file.path));
            }
        }
    }
    faults
}

/// One fault for each line of `code` that has one of `marks` outside a longer word.
fn named(file: &File, code: &str, marks: &[&str], why: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for mark in marks {
        for line in lines_where(code, |line| has_mark(line, mark)) {
            faults.push(format!("{}:{line}: `{mark}`: {why}", file.path));
        }
    }
    faults
}

fn has_mark(line: &str, mark: &str) -> bool {
    let in_word = |at: usize| {
        let before = line[..at].chars().next_back();
        mark.starts_with(char::is_alphabetic)
            && before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    line.match_indices(mark).any(|(at, _)| !in_word(at))
}
