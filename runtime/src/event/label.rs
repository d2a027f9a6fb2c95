//! The two kinds of foreign text that an event may hold, each cleaned and bounded on entry.

use std::fmt;

use super::sealed::closed;

/// How many characters of a client's name or version are kept.
const MAX_LABEL_CHARS: usize = 64;

/// A short label that a client says of itself: its name, its version, the protocol's version.
///
/// Only ASCII letters, digits and `. _ - / + @` and the space are kept; anything else becomes `_`.
/// At most 64 characters.
///
/// ```
/// use toolwatch::event::Label;
/// assert_eq!(Label::clean("claude-code\u{202e}\n").as_str(), "claude-code__");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Label(Box<str>);

/// The agent's own words on why it called: the one free text that may leave.
///
/// Control and bidirectional formatting characters are removed, and the text is cut at the
/// configured number of characters. `Debug` prints the length only.
///
/// ```
/// use toolwatch::event::Intent;
/// let intent = Intent::clean("look up\u{7} the docs", 500);
/// assert_eq!(intent.as_str(), "look up the docs");
/// assert_eq!(format!("{intent:?}"), "Intent(16 chars)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Intent(Box<str>);

closed!(Label, Intent);

impl Label {
    /// Cleans and bounds a text.
    #[must_use]
    pub fn clean(text: &str) -> Self {
        let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '+' | '@' | ' ');
        let cleaned: String = text.chars().take(MAX_LABEL_CHARS).map(|c| if keep(c) { c } else { '_' }).collect();
        Self(cleaned.into_boxed_str())
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({})", self.0)
    }
}

impl Intent {
    /// Cleans a text and cuts it at `max_chars` characters.
    #[must_use]
    pub fn clean(text: &str, max_chars: usize) -> Self {
        let cleaned: String = text.chars().filter(|c| !is_unprintable(*c)).take(max_chars).collect();
        Self(cleaned.into_boxed_str())
    }

    /// The intent as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Intent({} chars)", self.0.chars().count())
    }
}

/// Control characters, line separators, zero-width and bidirectional formatting characters.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}
