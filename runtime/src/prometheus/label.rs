//! Values of labels: names of the program's own, made safe for a line of text.

use crate::event::visible;

/// How many characters of a name are kept. A [`Name`](crate::event::Name) is safe and shorter already.
const MAX_CHARS: usize = 256;

/// A name as the value of a label. The format escapes quotes, backslashes and line feeds; control
/// characters and those that rearrange a text are escaped here, as they are in names of tools.
pub(super) fn value(name: &str) -> String {
    visible(name).chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn values_hold_no_control_character_and_are_bounded() {
        assert_eq!(value("a\n\u{202e}\"x\""), "a\\u{a}\\u{202e}\"x\"");
        assert_eq!(value(&"x".repeat(1_000)).len(), 256);
    }
}
