//! The files of the repository, as the rules see them.

use std::fs;
use std::path::{Path, PathBuf};

/// Entries that hold nothing written by hand, as `.gitignore` has them, and logs. In a worktree `.git` is a file.
const SKIPPED: [&str; 8] =
    ["target", ".git", ".idea", ".vscode", "grown", "fixed", "found", "nohup.out"];

/// One file that is text.
pub(crate) struct File {
    /// The path from the root of the repository, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether it is built for tests only.
    pub(crate) is_test: bool,
}

impl File {
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        Self { path: path.to_owned(), text: text.to_owned(), is_test }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Rust that people read: cases of UI tests and snapshots are inputs, not code.
    pub(crate) fn is_own_rust(&self) -> bool {
        let is_input = |part| matches!(part, "ui" | "snapshots");
        self.is_rust() && !self.path.split('/').any(is_input)
    }

    /// Code that runs inside the author's server or compiler.
    pub(crate) fn is_library(&self) -> bool {
        let in_library =
            self.path.starts_with("runtime/src/") || self.path.starts_with("macros/src/");
        self.is_own_rust() && in_library && !self.is_test
    }

    /// The file's name without its folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the repository, in the order of their paths.
pub(crate) fn files() -> Vec<File> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    mark_tests(&mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// One file that must be there.
#[track_caller]
pub(crate) fn file(path: &str) -> File {
    let text = fs::read_to_string(root().join(path)).unwrap_or_default();
    assert!(!text.is_empty(), "{path} is missing or empty");
    File::sample(path, &text)
}

/// Marks the files of modules that another file declares below `#[cfg(test)]`.
fn mark_tests(files: &mut [File]) {
    let declared: Vec<String> = files.iter().flat_map(test_modules).collect();
    for file in files {
        let is_in = |module: &String| {
            file.path
                .strip_prefix(module)
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        file.is_test |= declared.iter().any(is_in);
    }
}

/// The paths, without ending, of the modules that `file` declares for tests only.
pub(crate) fn test_modules(file: &File) -> Vec<String> {
    let folder = match file.path.strip_suffix(".rs") {
        Some(path) => path.strip_suffix("/mod").or(path.strip_suffix("/lib")).unwrap_or(path),
        None => return Vec::new(),
    };
    let lines = file.text.lines().map(str::trim);
    let pairs = lines.clone().zip(lines.skip(1)).filter(|(mark, _)| is_test_mark(mark));
    let module =
        |(_, line): (_, &str)| Some(line.strip_suffix(';')?.split_once("mod ")?.1.to_owned());
    pairs.filter_map(module).map(|name| format!("{folder}/{name}")).collect()
}

/// What fuzzing needs is built for tests as well, and for nothing else.
fn is_test_mark(line: &str) -> bool {
    line == "#[cfg(test)]" || line == "#[cfg(any(test, fuzzing))]"
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if SKIPPED.contains(&name.as_str()) || name.ends_with(".log") {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), &format!("{path}/"), found);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            found.push(File::sample(&path, &text));
        }
    }
}
