//! Where the spool is when nobody says where.

use std::path::PathBuf;

/// The platform's state directory for a server of this name, when the environment tells one.
///
/// Unix: `$XDG_STATE_HOME/toolwatch/NAME` or `~/.local/state/toolwatch/NAME`; macOS:
/// `~/Library/Application Support/toolwatch/NAME`; Windows: `%LOCALAPPDATA%\toolwatch\NAME`.
/// Characters other than letters, digits, `.`, `_` and `-` become `_`.
///
/// ```
/// if let Some(directory) = toolwatch::local::default_directory("my/server") {
///     assert!(directory.ends_with("toolwatch/my_server"));
/// }
/// ```
#[must_use]
pub fn default_directory(server_name: &str) -> Option<PathBuf> {
    default_directory_in(server_name, |name| std::env::var_os(name).map(PathBuf::from))
}

/// The same, in an environment of the caller's.
pub(crate) fn default_directory_in(
    server_name: &str,
    variable: impl Fn(&str) -> Option<PathBuf>,
) -> Option<PathBuf> {
    Some(state_directory(variable)?.join("toolwatch").join(safe_name(server_name)))
}

/// The first of the platform's candidates that is an absolute path.
fn state_directory(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    if let Some(state) = absolute("XDG_STATE_HOME") {
        return Some(state);
    }
    let home = absolute("HOME")?;
    Some(home.join(if cfg!(target_os = "macos") {
        "Library/Application Support"
    } else {
        ".local/state"
    }))
}

/// How long a directory's name may be; file systems allow 255 bytes.
const MAX_NAME_BYTES: usize = 100;

/// A name that is one harmless path segment on every platform.
fn safe_name(server_name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' }
    };
    let name: String = server_name.chars().take(MAX_NAME_BYTES).map(safe).collect();
    if name.trim_matches('.').is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_name_becomes_one_harmless_segment() {
        for (name, safe) in
            [("a/b", "a_b"), ("..", "_"), ("", "_"), ("ünï", "_n_"), ("ok-1.2_x", "ok-1.2_x")]
        {
            assert_eq!(safe_name(name), safe);
        }
        assert_eq!(safe_name(&"x".repeat(500)).len(), MAX_NAME_BYTES);
    }

    #[test]
    #[cfg(not(windows))]
    fn a_relative_or_missing_home_is_no_home() {
        assert_eq!(state_directory(|_| None), None);
        assert_eq!(state_directory(|_| Some("relative".into())), None);
        let state = state_directory(|name| (name == "XDG_STATE_HOME").then(|| "/s".into()));
        assert_eq!(state, Some("/s".into()));
    }
}
