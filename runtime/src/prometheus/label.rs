//! Values of labels: names of the program's own, made safe for a line of text.

use crate::event::is_unprintable;

/// How many characters of a name are kept. Names of tools are shorter already.
const MAX_CHARS: usize = 256;

/// A name as the value of a label. The format escapes quotes, backslashes and line feeds; control
/// characters and those that rearrange a text are written here as `\u{...}`. What looks like
/// that already is escaped itself, so that two names never become one series.
pub(super) fn value(name: &str) -> String {
    let mut value = String::with_capacity(name.len());
    for (at, c) in name.char_indices().take(MAX_CHARS) {
        if is_unprintable(c) || name[at..].starts_with("\\u{") {
            value.extend(c.escape_unicode());
        } else {
            value.push(c);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    //! What stays, what is escaped, and that nothing collides.

    use super::value;

    #[test]
    fn names_stay_and_what_could_break_a_line_is_escaped() {
        for (name, expected) in [
            ("search", "search"),
            ("größe \"x\" \\ {y=\"z\"}", "größe \"x\" \\ {y=\"z\"}"),
            ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\\u{202e}", "\\u{5c}u{202e}"),
        ] {
            assert_eq!(value(name), expected);
        }
        assert_ne!(value("\u{7}"), value("\\u{7}"));
        assert_eq!(value(&"x".repeat(1_000)).len(), 256);
    }
}
