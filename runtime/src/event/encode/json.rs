//! The pieces of JSON that events are made of.

use super::time;

/// Appends to a buffer. A comma is due wherever the last byte does not open an object.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Writer<'_> {
    pub(super) fn open(&mut self) {
        self.0.push(b'{');
    }

    pub(super) fn close(&mut self) {
        self.0.push(b'}');
    }

    /// Writes a key from the source, which needs no escapes.
    pub(super) fn key(&mut self, key: &'static str) {
        self.comma();
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// Writes a key that an author chose.
    pub(super) fn foreign_key(&mut self, key: &str) {
        self.comma();
        self.string(key);
        self.0.push(b':');
    }

    pub(super) fn comma(&mut self) {
        if !matches!(self.0.last(), None | Some(b'{' | b'[')) {
            self.0.push(b',');
        }
    }

    /// Writes a string member.
    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// Writes a number member.
    pub(super) fn count(&mut self, key: &'static str, number: u64) {
        self.key(key);
        self.natural(number);
    }

    /// Writes a number member unless it has its default.
    pub(super) fn count_unless(&mut self, default: u64, key: &'static str, number: u64) {
        if number != default {
            self.count(key, number);
        }
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn string(&mut self, text: &str) {
        self.0.push(b'"');
        let bytes = text.as_bytes();
        let mut written = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7f) {
                self.0.extend_from_slice(&bytes[written..at]);
                self.escape(*byte);
                written = at + 1;
            }
        }
        self.0.extend_from_slice(&bytes[written..]);
        self.0.push(b'"');
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.0.extend_from_slice(b"\\n"),
            b'\r' => self.0.extend_from_slice(b"\\r"),
            b'\t' => self.0.extend_from_slice(b"\\t"),
            _ => {
                self.0.extend_from_slice(b"\\u00");
                self.hex_byte(byte);
            }
        }
    }

    pub(super) fn natural(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
    }

    pub(super) fn integer(&mut self, number: i64) {
        if number < 0 {
            self.0.push(b'-');
        }
        self.natural(number.unsigned_abs());
    }

    /// Writes so many digits, with zeros in front.
    pub(super) fn padded(&mut self, mut number: u64, width: usize) {
        let start = self.0.len();
        self.0.resize(start + width, b'0');
        for digit in self.0[start..].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }

    /// Writes bytes as hexadecimal digits.
    pub(super) fn hex(&mut self, key: &'static str, bytes: &[u8]) {
        self.key(key);
        self.0.push(b'"');
        bytes.iter().for_each(|byte| self.hex_byte(*byte));
        self.0.push(b'"');
    }

    /// Writes a hash as 16 hexadecimal digits, because JSON readers damage integers beyond 2^53.
    pub(super) fn hash(&mut self, key: &'static str, hash: u64) {
        self.hex(key, &hash.to_be_bytes());
    }

    fn hex_byte(&mut self, byte: u8) {
        self.0.push(HEX[usize::from(byte >> 4)]);
        self.0.push(HEX[usize::from(byte & 15)]);
    }

    pub(super) fn uuid(&mut self, bytes: [u8; 16]) {
        self.0.push(b'"');
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                self.0.push(b'-');
            }
            self.hex_byte(*byte);
        }
        self.0.push(b'"');
    }

    /// Writes nanoseconds as milliseconds with at most six decimals, which loses nothing.
    pub(super) fn millis(&mut self, key: &'static str, nanos: u64) {
        self.count(key, nanos / 1_000_000);
        let below = nanos % 1_000_000;
        if below > 0 {
            self.0.push(b'.');
            self.padded(below, 6);
            while self.0.last() == Some(&b'0') {
                self.0.pop();
            }
        }
    }

    /// Writes nanoseconds since 1970 as RFC 3339 in UTC with microseconds.
    pub(super) fn time(&mut self, key: &'static str, nanos: u64) {
        self.key(key);
        self.0.push(b'"');
        time::write(nanos, self.0);
        self.0.push(b'"');
    }
}
