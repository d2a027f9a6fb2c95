//! Reads the `TOOLWATCH_*` variables. An empty variable counts as unset; a wrong value is named
//! on stderr, without the value, and counts as unset too: a typo in a host's configuration must
//! not stop the server.

use std::time::Duration;

use super::operator;

/// Looks a variable up. Replaced in tests and by applications that have their own configuration.
pub(super) type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The variables, and what was wrong with them.
pub(super) struct Environment<'a> {
    lookup: &'a Lookup,
    warnings: Vec<String>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: &'a Lookup) -> Self {
        Self { lookup, warnings: Vec::new() }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
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
            operator::say(format_args!("{line}"));
        }
    }

    /// The line to say, when there is something to say.
    pub(super) fn line(&self) -> Option<String> {
        (!self.warnings.is_empty()).then(|| self.warnings.join("; "))
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
