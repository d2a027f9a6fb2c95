//! The rules for documents, and for what documents and code must say alike.

use std::path::Path;

use crate::tree::{File, root};

/// The folders in which a machine keeps its users' files. Written in parts, so that this file passes.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

const CHANGE_TAGS: [&str; 4] = ["breaking:", "added:", "changed:", "fixed:"];

pub(crate) fn no_machine_paths(file: &File) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for path in MACHINE_PATHS.iter().filter(|path| line.contains(**path)) {
            faults.push(format!("{}:{}: `{path}...` is one machine's path", file.path, index + 1));
        }
    }
    faults
}

/// ADR files are `NNN-title.md`, and the index links each.
pub(crate) fn decisions_are_numbered_and_indexed(files: &[File], index: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("docs/adr/")) {
        let name = file.name();
        if name == "README.md" {
            continue;
        }
        if !is_numbered(name) {
            faults.push(format!("{}: name it NNN-title.md, in lower case", file.path));
        }
        if !index.contains(&format!("({name})")) {
            faults.push(format!("{}: link it from docs/adr/README.md", file.path));
        }
    }
    faults
}

fn is_numbered(name: &str) -> bool {
    let (number, title) = name.split_once('-').unwrap_or_default();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let title = title.strip_suffix(".md").unwrap_or_default();
    number.len() == 3
        && number.chars().all(|c| c.is_ascii_digit())
        && !title.is_empty()
        && title.chars().all(allowed)
}

/// The changelog has an open section, and each of its lines is tagged.
pub(crate) fn changelog_is_open_and_tagged(changelog: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !changelog.lines().any(|line| line == "## [Unreleased]") {
        faults.push("CHANGELOG.md: it needs a section `## [Unreleased]`".to_owned());
    }
    for (index, line) in changelog.lines().enumerate() {
        let is_untagged = |entry: &str| !CHANGE_TAGS.iter().any(|tag| entry.starts_with(tag));
        if line.strip_prefix("- ").is_some_and(is_untagged) {
            let tags = CHANGE_TAGS.join(" ");
            faults.push(format!("CHANGELOG.md:{}: start the line with one of {tags}", index + 1));
        }
    }
    faults
}

/// The quick start is two commands, one per block, and CI runs the same two.
pub(crate) fn quick_start_is_two_commands(readme: &str, ci: &str) -> Vec<String> {
    let commands = quick_start(readme);
    let mut faults = Vec::new();
    if commands.len() != 2 {
        faults.push(format!(
            "README.md: the quick start has {} command blocks, not 2",
            commands.len()
        ));
    }
    for command in commands {
        if command.lines().count() != 1 {
            faults.push(format!("README.md: one command per block in the quick start:\n{command}"));
        } else if !ci.lines().any(|line| line.trim().ends_with(&command)) {
            faults.push(format!(".ci/run: it must call README's `{command}` as it stands there"));
        }
    }
    faults
}

/// The insides of the code blocks of README's quick start.
fn quick_start(readme: &str) -> Vec<String> {
    let section = readme.split("\n## ").find(|section| section.starts_with("Quick start"));
    let blocks = section.unwrap_or_default().split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').unwrap_or_default().1.trim().to_owned()).collect()
}

/// Every variable that the runtime reads stands in README's table of settings.
pub(crate) fn settings_are_documented(files: &[File], readme: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.is_library()) {
        for name in variables(&file.text) {
            if !readme.contains(&format!("| `{name}`")) {
                faults.push(format!("{}: `{name}` is missing in README's settings", file.path));
            }
        }
    }
    faults
}

fn variables(text: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|name| name.starts_with("TOOLWATCH_") && name.chars().all(is_name)).collect()
}

/// A link within the repository leads to a file and, where it names one, to a heading of it.
pub(crate) fn links_lead_somewhere(file: &File) -> Vec<String> {
    let is_dead = |target: &&str| {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        if target.contains("://") || target.contains(char::is_whitespace) {
            return false;
        }
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        let found = match path {
            "" => root().join(&file.path),
            path => root().join(folder).join(path),
        };
        !found.exists() || !(anchor.is_empty() || has_heading(&found, anchor))
    };
    let fault = |target| format!("{}: the link `{target}` leads nowhere", file.path);
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    link_targets(&file.text).into_iter().filter(is_dead).map(fault).collect()
}

/// Whether a document has a heading that its readers make this anchor of: lower case, spaces as
/// hyphens, and of other signs but hyphens and underscores nothing.
fn has_heading(document: &Path, anchor: &str) -> bool {
    let text = std::fs::read_to_string(document).unwrap_or_default();
    let prose: Vec<_> = text.split("```").step_by(2).collect();
    let mut headings = prose.iter().flat_map(|part| part.lines()).filter(|l| l.starts_with('#'));
    headings.any(|line| slug(line.trim_start_matches('#').trim()) == anchor)
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

fn link_targets(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|part| part.split("](").skip(1));
    targets.map(|rest| rest.split(')').next().unwrap_or_default()).collect()
}
