//! Reads the `TOOLWATCH_*` variables. An empty variable counts as unset; a wrong value is named
//! on stderr, without the value, and counts as unset too: a typo in a host's configuration must
//! not stop the server.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use crate::contain::contain;
use crate::stderr;

/// Looks a variable up. Replaced in tests and by applications that have their own configuration.
pub(super) type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The variables, and what was wrong with them.
pub(super) struct Environment<'a> {
    lookup: &'a Lookup,
    /// Whether the look-up is the process's own environment, which also knows what is not UTF-8.
    is_process: bool,
    has_panicked: Cell<bool>,
    warnings: Vec<String>,
}

/// Looks a variable up in the environment of the process.
fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: &'a Lookup) -> Self {
        Self { lookup, is_process: false, has_panicked: Cell::new(false), warnings: Vec::new() }
    }

    /// The environment of the process; the look-up is [`of_process`].
    pub(super) fn process() -> Self {
        Self { is_process: true, ..Self::new(&of_process) }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = contain(|| (self.lookup)(name)).unwrap_or_else(|| {
            self.has_panicked.set(true);
            None
        })?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A path need not be UTF-8.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        let other = || std::env::var_os(name).filter(|path| self.is_process && !path.is_empty());
        self.text(name).map(PathBuf::from).or_else(|| Some(other()?.into()))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "1, true, yes or on, or 0, false, no or off", |text| {
            match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Some(true),
                "0" | "false" | "no" | "off" => Some(false),
                _ => None,
            }
        })
    }

    pub(super) fn count(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let expected = format!("a whole number from {min} to {max}");
        self.parsed(name, &expected, |text| {
            text.parse().ok().filter(|count| (min..=max).contains(count))
        })
    }

    pub(super) fn millis(&mut self, name: &str, min: u64, max: u64) -> Option<Duration> {
        let expected = format!("a whole number of milliseconds from {min} to {max}");
        self.parsed(name, &expected, |text| {
            text.parse()
                .ok()
                .filter(|millis| (min..=max).contains(millis))
                .map(Duration::from_millis)
        })
    }

    pub(super) fn rate(&mut self, name: &str) -> Option<f64> {
        self.parsed(name, "a number from 0 to 1", |text| {
            text.parse().ok().filter(|rate: &f64| (0.0..=1.0).contains(rate))
        })
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.parsed(name, &format!("one of {}", names.join(", ")), |text| {
            choices
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(text))
                .map(|(_, choice)| *choice)
        })
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Says on stderr, in one line, what was wrong.
    pub(super) fn report(&self) {
        if let Some(line) = self.line() {
            stderr::say(format_args!("{line}"));
        }
    }

    /// The line to say, when there is something to say.
    pub(super) fn line(&self) -> Option<String> {
        let mut warnings = self.warnings.clone();
        if self.has_panicked.get() {
            warnings.push("looking variables up panicked; they count as unset".to_owned());
        }
        (!warnings.is_empty()).then(|| warnings.join("; "))
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.warnings.push(format!("{name} must be {expected}; using the default"));
        }
        value
    }
}
