//! Names that were registered at start-up.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::label::is_unprintable;
use super::sealed::closed;

/// How many distinct names one process may register. Tools, parameters and schema paths of a large
/// fleet of servers stay far below; past it a name becomes `_overflow`.
const MAX_NAMES: usize = 65_536;

/// How many bytes of a name are kept.
const MAX_BYTES: usize = 256;

/// A name from the program's own source or schema, registered once and then compared and copied
/// like an integer.
///
/// Names live as long as the process. Their number is bounded (65,536); past the bound a new name
/// reads `_overflow`. A name that a server has listed may hold anything: control characters and those
/// that hide or rearrange a text are written as `\u{...}`, so that no reader of events meets them.
///
/// ```
/// use toolwatch::event::Name;
/// assert_eq!(Name::from_static("search").as_str(), "search");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(&'static str);

closed!(Name);

impl Name {
    /// A name that is written in the program's source.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(name)
    }

    /// Registers a name that the program has built at start-up, such as the path of a field.
    pub(crate) fn register(name: &str) -> Self {
        static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
        let name = &*visible(name);
        let name = &name[..name.floor_char_boundary_compat(MAX_BYTES)];
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_with(HashSet::new);
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        if names.len() >= MAX_NAMES {
            return Self("_overflow");
        }
        let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
        names.insert(leaked);
        Self(leaked)
    }

    /// Whether this is what a text was registered as.
    pub(crate) fn is_of(self, text: &str) -> bool {
        let text = visible(text);
        self.0 == &text[..text.floor_char_boundary_compat(MAX_BYTES)]
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A text with every character visible. What looks like an escape already is escaped itself, so that
/// two texts never become one.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |at: usize, c: char| is_unprintable(c) || text[at..].starts_with("\\u{");
    if !text.char_indices().any(|(at, c)| is_hidden(at, c)) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if is_hidden(at, c) {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
    }
    Cow::Owned(seen)
}

/// `str::floor_char_boundary` is newer than the declared minimum Rust version.
trait FloorCharBoundary {
    fn floor_char_boundary_compat(&self, max: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_compat(&self, max: usize) -> usize {
        if self.len() <= max {
            return self.len();
        }
        (0..=max).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    //! What is escaped, and that nothing collides.

    use super::{MAX_BYTES, Name, visible};

    #[test]
    fn names_stay_and_what_could_break_a_line_is_escaped() {
        for (text, expected) in [
            ("search", "search"),
            ("größe \"x\" \\ {y=\"z\"}", "größe \"x\" \\ {y=\"z\"}"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("a\u{202e}b\u{61c}", "a\\u{202e}b\\u{61c}"),
            ("\\u{202e}", "\\u{5c}u{202e}"),
        ] {
            let name = Name::register(text);
            assert_eq!((visible(text).as_ref(), name.as_str()), (expected, expected));
            assert!(name.is_of(text));
            assert_eq!(name.is_of(expected), text == expected, "{expected}");
        }
        let long = "é".repeat(MAX_BYTES);
        assert!(Name::register(&long).is_of(&long));
    }
}
