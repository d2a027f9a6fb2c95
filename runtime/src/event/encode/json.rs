//! The pieces of JSON that events are made of.

use std::io::Write as _;

use super::out::{Key, Out};
use super::time;

/// Appends to a buffer. A comma is due wherever the last byte does not open an object.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

/// Appends a number in decimal.
pub(crate) fn natural(mut number: u64, out: &mut Vec<u8>) {
    // Most are small: lengths, counts, milliseconds.
    if number < 10 {
        return out.push(b'0' + number as u8);
    }
    let mut digits = [0; 20];
    let mut at = digits.len();
    while number >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&pair(number % 100));
        number /= 100;
    }
    if number > 0 {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// The two digits of a number below 100.
pub(super) const fn pair(number: u64) -> [u8; 2] {
    let number = number as u8;
    [b'0' + number / 10, b'0' + number % 10]
}

/// Where the digits of each byte of a UUID stand.
const UUID_PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends bytes as lower-case hexadecimal digits.
pub(crate) fn append_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), b'0');
    for (pair, byte) in out[start..].chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&digits(*byte));
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

/// A UUID: ASCII.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> [u8; 36] {
    let mut text = *b"00000000-0000-0000-0000-000000000000";
    for (at, byte) in UUID_PLACES.iter().zip(bytes) {
        text[*at..*at + 2].copy_from_slice(&digits(byte));
    }
    text
}

impl Writer<'_> {
    fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[')) {
            self.0.push(b',');
        }
    }

    fn quoted(&mut self, text: &str) {
        let bytes = text.as_bytes();
        self.0.push(b'"');
        // Without an early end the compiler looks at many bytes at once.
        if bytes.iter().fold(false, |found, byte| found | needs_escape(*byte)) {
            self.escaped(bytes);
        } else {
            self.0.extend_from_slice(bytes);
        }
        self.0.push(b'"');
    }

    #[cold]
    fn escaped(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if needs_escape(*byte) {
                self.escape(*byte);
            } else {
                self.0.push(*byte);
            }
        }
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.0.extend_from_slice(b"\\n"),
            b'\r' => self.0.extend_from_slice(b"\\r"),
            b'\t' => self.0.extend_from_slice(b"\\t"),
            _ => {
                self.0.extend_from_slice(b"\\u00");
                self.0.extend_from_slice(&digits(byte));
            }
        }
    }
}

impl<'e> Out<'e> for Writer<'_> {
    fn position(&self) -> usize {
        self.0.len()
    }

    fn open(&mut self) {
        self.0.push(b'{');
    }

    fn close(&mut self) {
        self.0.push(b'}');
    }

    fn open_list(&mut self) {
        self.0.push(b'[');
    }

    fn close_list(&mut self) {
        self.0.push(b']');
    }

    /// The comma is left out behind an opening brace.
    fn key(&mut self, key: Key) {
        let token = key.token.as_bytes();
        let is_first = matches!(self.0.last(), None | Some(b'{' | b'['));
        self.0.extend_from_slice(if is_first { &token[1..] } else { token });
    }

    fn foreign_key(&mut self, key: &'e str) {
        self.comma();
        self.quoted(key);
        self.0.push(b':');
    }

    fn string(&mut self, text: &'e str) {
        self.quoted(text);
    }

    fn natural(&mut self, number: u64) {
        natural(number, self.0);
    }

    fn integer(&mut self, number: i64) {
        if number < 0 {
            self.0.push(b'-');
        }
        natural(number.unsigned_abs(), self.0);
    }

    fn double(&mut self, number: f64) {
        let _ = write!(self.0, "{number}");
    }

    fn bool(&mut self, value: bool) {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn hex_digits<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.0.push(b'"');
        append_hex(bytes, self.0);
        self.0.push(b'"');
    }

    fn uuid(&mut self, bytes: [u8; 16]) {
        self.0.push(b'"');
        self.0.extend_from_slice(&uuid_text(bytes));
        self.0.push(b'"');
    }

    fn millis(&mut self, key: Key, nanos: u64) {
        self.key(key);
        natural(nanos / 1_000_000, self.0);
        let below = nanos % 1_000_000;
        if below > 0 {
            self.0.push(b'.');
            for number in [below / 10_000, below / 100 % 100, below % 100] {
                self.0.extend_from_slice(&pair(number));
            }
            while self.0.last() == Some(&b'0') {
                self.0.pop();
            }
        }
    }

    fn time(&mut self, key: Key, nanos: u64) {
        self.key(key);
        self.0.push(b'"');
        time::write(nanos, self.0);
        self.0.push(b'"');
    }

    fn item(&mut self, text: &'e str) {
        self.comma();
        self.quoted(text);
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

const fn digits(byte: u8) -> [u8; 2] {
    [HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]
}
