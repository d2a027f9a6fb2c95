//! Readers of short texts.

use std::fmt::{self, Write as _};

use crate::capture::context::traceparent as parse;
use crate::capture::failure::{Fault, Words};
use crate::capture::template::Template;
use crate::event::Link;

/// A W3C `traceparent`.
///
/// Holds: it is read as a second implementation reads it, which splits it at its signs.
pub(super) fn traceparent(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_eq!(parse(text), naive_traceparent(text), "{text}");
}

fn naive_traceparent(text: &str) -> Option<Link> {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags, rest @ ..] = parts.as_slice() else { return None };
    let is_hex = |part: &str, len| {
        part.len() == len && part.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    };
    let fits = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    if !fits || *version == "ff" || (*version == "00" && !rest.is_empty()) {
        return None;
    }
    let trace = u128::from_str_radix(trace, 16).ok().filter(|&trace| trace != 0)?;
    let parent = u64::from_str_radix(parent, 16).ok().filter(|&parent| parent != 0)?;
    let is_sampled = u8::from_str_radix(flags, 16).ok()? % 2 == 1;
    Some(Link { trace_id: trace.to_be_bytes(), span_id: parent.to_be_bytes(), is_sampled })
}

/// A URI template and a URI, in two lines.
///
/// Holds: what a template expands to, with nothing and with a letter for each expression, matches
/// it; a template without expressions matches itself alone.
pub(super) fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, uri) = text.split_once('\n').unwrap_or((text, ""));
    let Some(template) = Template::parse(text) else { return };
    let matches = template.matches(uri);
    if !text.contains('{') && uri.len() <= 8 * 1024 {
        assert_eq!(matches, text == uri);
    }
    for with in ["", "x"] {
        let uri = expand(text, with);
        assert!(uri.len() > 8 * 1024 || template.matches(&uri), "{text} {uri}");
    }
}

fn expand(template: &str, with: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((literal, (_, after))) = rest
        .split_once('{')
        .and_then(|(literal, expression)| Some((literal, expression.split_once('}')?)))
    {
        out.push_str(literal);
        out.push_str(with);
        rest = after;
    }
    out + rest
}

/// The text of an error.
///
/// Holds: the words that make its fingerprint are short and few, hold no digit, path or address, and
/// are the same however the text is cut, and with other digits in it.
pub(super) fn failure(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let words = words(text.chars().map(String::from));
    assert!(words.iter().map(Vec::len).sum::<usize>() <= 512);
    for word in &words {
        assert!(word.len() <= 32, "{word:?}");
        let is_value = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'/' | b'@' | b'\\');
        assert!(!word.iter().any(is_value), "{word:?}");
    }
    if text.len() <= 4096 {
        assert_eq!(words, self::words([text.to_string()].into_iter()));
        let other = text.replace(|c: char| c.is_ascii_digit(), "7");
        assert_eq!(words, self::words([other].into_iter()));
    }
    let _ = Fault::of_error(&Written(&text), "Written");
}

fn words(pieces: impl Iterator<Item = String>) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut words = Words::new(|word: &[u8]| out.push(word.to_vec()));
    for piece in pieces {
        if words.write_str(&piece).is_err() {
            break;
        }
    }
    words.end_word();
    out
}

/// An error that writes what it is told to.
struct Written<'a>(&'a str);

impl fmt::Debug for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Written<'_> {}
