//! The words of a message, with every value in it replaced by a placeholder.
//!
//! Quoted parts, numbers, identifiers with digits, hexadecimal strings, paths, addresses of mail
//! and web become placeholders, and the same placeholder twice in a row is one: `[1, 2]` and `[3]`
//! are the same fault. A bare word that is a value cannot be told from a word of the message.

use std::fmt::{self, Display, Write};

use sha2::{Digest, Sha256};

/// How many bytes of words and placeholders make up a fingerprint.
const MAX_BYTES: usize = 512;

/// How much text is read at all, quoted parts included.
const MAX_READ: usize = 64 * 1024;

/// How long a word of a message is. Longer ones are data.
const MAX_WORD: usize = 32;

/// Absorbs the words of a text without keeping it.
pub(super) fn absorb(digest: &mut Sha256, text: &dyn Display) {
    let mut words = Words::new(|word: &[u8]| {
        digest.update(word);
        digest.update([0]);
    });
    let _ = write!(words, "{text}");
    words.end_word();
}

/// Cuts a stream of text into words, and each word down to what it says of the fault.
pub(crate) struct Words<F: FnMut(&[u8])> {
    emit: F,
    emitted: usize,
    read: usize,
    /// The mark that ends the quoted part, while within one.
    quoted_until: Option<char>,
    word: Word,
    last: Option<&'static str>,
}

#[derive(Default)]
struct Word {
    bytes: [u8; MAX_WORD],
    len: usize,
    has_digit: bool,
    has_mail_sign: bool,
    has_slash: bool,
    is_other_than_hex: bool,
}

impl<F: FnMut(&[u8])> Words<F> {
    pub(crate) fn new(emit: F) -> Self {
        Self { emit, emitted: 0, read: 0, quoted_until: None, word: Word::default(), last: None }
    }

    fn push(&mut self, c: char) {
        if let Some(end) = self.quoted_until {
            if c == end {
                self.quoted_until = None;
            }
            return;
        }
        match closing(c) {
            // Within a word the sign is an apostrophe.
            Some(_) if c == '\'' && self.word.len > 0 => {}
            Some(end) => {
                self.end_word();
                self.placeholder("<quoted>");
                self.quoted_until = Some(end);
            }
            None if is_between_words(c) && !self.word.goes_on_with(c) => self.end_word(),
            None => self.word.push(c),
        }
    }

    /// Ends the word that is being read.
    pub(crate) fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        let bytes = word.trimmed();
        if bytes.is_empty() {
            return;
        }
        match word.placeholder(bytes) {
            Some(placeholder) => self.placeholder(placeholder),
            None => {
                self.last = None;
                self.word_out(bytes);
            }
        }
    }

    fn placeholder(&mut self, placeholder: &'static str) {
        if self.last != Some(placeholder) {
            self.last = Some(placeholder);
            self.word_out(placeholder.as_bytes());
        }
    }

    fn word_out(&mut self, word: &[u8]) {
        if self.emitted + word.len() <= MAX_BYTES {
            (self.emit)(word);
        }
        self.emitted += word.len();
    }
}

impl<F: FnMut(&[u8])> Write for Words<F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.read += text.len();
        if self.emitted > MAX_BYTES || self.read > MAX_READ {
            return Err(fmt::Error);
        }
        text.chars().for_each(|c| self.push(c));
        Ok(())
    }
}

impl Word {
    /// A path may have a query, which is part of the value.
    fn goes_on_with(&self, c: char) -> bool {
        self.has_slash && matches!(c, '?' | '=')
    }

    fn push(&mut self, c: char) {
        self.has_digit |= c.is_numeric();
        self.has_mail_sign |= c == '@';
        self.has_slash |= matches!(c, '/' | '\\');
        self.is_other_than_hex |= !c.is_ascii_hexdigit();
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            if let Some(place) = self.bytes.get_mut(self.len) {
                *place = byte;
            }
            self.len += 1;
        }
    }

    /// The word without punctuation at its ends.
    fn trimmed(&self) -> &[u8] {
        let is_edge =
            |b: &u8| matches!(b, b'.' | b':' | b'-' | b'_' | b'+' | b'*' | b'%' | b'#' | b'~');
        let bytes = self.bytes.get(..self.len.min(MAX_WORD)).unwrap_or_default();
        let from = bytes.iter().take_while(|b| is_edge(b)).count();
        let until = bytes.len() - bytes.iter().rev().take_while(|b| is_edge(b)).count();
        bytes.get(from..until).unwrap_or_default()
    }

    fn placeholder(&self, bytes: &[u8]) -> Option<&'static str> {
        match self {
            Self { has_mail_sign: true, .. } => Some("<address>"),
            Self { has_slash: true, .. } => Some("<path>"),
            Self { has_digit: true, .. } => Some("<number>"),
            Self { is_other_than_hex: false, .. } if bytes.len() >= 8 => Some("<number>"),
            Self { len, .. } if *len > MAX_WORD => Some("<long>"),
            _ => None,
        }
    }
}

const fn closing(c: char) -> Option<char> {
    match c {
        '"' | '\'' | '`' => Some(c),
        '\u{201c}' => Some('\u{201d}'),
        '\u{2018}' => Some('\u{2019}'),
        '\u{ab}' => Some('\u{bb}'),
        _ => None,
    }
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '=' | '!' | '?' | '|'
        )
}
