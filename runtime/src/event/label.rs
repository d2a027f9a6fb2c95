//! The two kinds of foreign text that an event may hold, each cleaned and bounded on entry.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::sealed::closed;

/// How many labels a thread keeps to share them. A server talks to few kinds of clients at once.
const SHARED_LABELS: usize = 8;

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
pub struct Label(Arc<str>);

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
    ///
    /// A text that needed no cleaning is shared with the labels that this thread made before, so
    /// that naming the same client in each event allocates nothing.
    #[must_use]
    pub fn clean(text: &str) -> Self {
        let shared = RECENT.try_with(|recent| recent.try_borrow_mut().ok()?.find_or_make(text));
        shared.ok().flatten().unwrap_or_else(|| Self::make(text))
    }

    fn make(text: &str) -> Self {
        let keep = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '+' | '@' | ' ')
        };
        let clean = |c: char| if keep(c) { c } else { '_' };
        Self(text.chars().take(MAX_LABEL_CHARS).map(clean).collect::<String>().into())
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent { labels: [const { None }; SHARED_LABELS], next: 0 }) };
}

/// The labels that a thread made last.
struct Recent {
    labels: [Option<Label>; SHARED_LABELS],
    next: usize,
}

impl Recent {
    fn find_or_make(&mut self, text: &str) -> Option<Label> {
        let known = self.labels.iter().flatten().find(|label| label.as_str() == text);
        if let Some(known) = known {
            return Some(known.clone());
        }
        let label = Label::make(text);
        self.labels[self.next % SHARED_LABELS] = Some(label.clone());
        self.next = self.next.wrapping_add(1);
        Some(label)
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
        let cleaned: String =
            text.chars().filter(|c| !is_unprintable(*c)).take(max_chars).collect();
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
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_shared_and_still_their_own() {
        let first = Label::clean("claude-code");
        assert!(Arc::ptr_eq(&first.0, &Label::clean("claude-code").0));
        (0..20).for_each(|n| assert_eq!(Label::clean(&format!("c{n}")).as_str(), format!("c{n}")));
        assert_eq!(Label::clean(&"x".repeat(1_000)).as_str().len(), MAX_LABEL_CHARS);
        assert_eq!(Label::clean("a\nb"), Label::clean("a\tb"));
    }
}
