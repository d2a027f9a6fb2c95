//! The pieces of JSON that events are made of.

use super::time;

/// A key as it stands between two members: `,"key":`, made by [`key`] at compile time, so that an
/// event is written in few and long pieces.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) &'static str);

macro_rules! key {
    ($name:literal) => {
        $crate::event::encode::json::Key(concat!(",\"", $name, "\":"))
    };
}

pub(super) use key;

/// Appends to a buffer. A comma is due wherever the last byte does not open an object.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

/// Appends a number in decimal.
pub(crate) fn natural(mut number: u64, out: &mut Vec<u8>) {
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
    out.extend_from_slice(&digits[at..]);
}

/// Where the digits of each byte of a UUID stand, behind a quote.
const UUID_PLACES: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Writer<'_> {
    pub(super) fn open(&mut self) {
        self.0.push(b'{');
    }

    pub(super) fn close(&mut self) {
        self.0.push(b'}');
    }

    /// Writes a key from the source. Its comma is left out behind an opening brace.
    pub(super) fn key(&mut self, Key(token): Key) {
        let token = token.as_bytes();
        let is_first = matches!(self.0.last(), None | Some(b'{' | b'['));
        self.0.extend_from_slice(if is_first { &token[1..] } else { token });
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
    pub(super) fn text(&mut self, key: Key, text: &str) {
        self.key(key);
        self.string(text);
    }

    /// Writes a number member.
    pub(super) fn count(&mut self, key: Key, number: u64) {
        self.key(key);
        self.natural(number);
    }

    /// Writes a number member unless it has its default.
    pub(super) fn count_unless(&mut self, default: u64, key: Key, number: u64) {
        if number != default {
            self.count(key, number);
        }
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(super) fn string(&mut self, text: &str) {
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

    pub(super) fn natural(&mut self, number: u64) {
        natural(number, self.0);
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
    pub(super) fn hex<const N: usize>(&mut self, key: Key, bytes: &[u8; N]) {
        self.key(key);
        self.hex_digits(bytes);
    }

    fn hex_digits<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.0.push(b'"');
        let start = self.0.len();
        self.0.resize(start + 2 * N, b'0');
        for (pair, byte) in self.0[start..].chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&digits(*byte));
        }
        self.0.push(b'"');
    }

    /// Writes a hash as 16 hexadecimal digits, because JSON readers damage integers beyond 2^53.
    pub(super) fn hash(&mut self, key: Key, hash: u64) {
        self.hex(key, &hash.to_be_bytes());
    }

    /// The same without a key.
    pub(super) fn bare_hash(&mut self, hash: u64) {
        self.hex_digits(&hash.to_be_bytes());
    }

    pub(super) fn uuid(&mut self, bytes: [u8; 16]) {
        let mut text = *b"\"00000000-0000-0000-0000-000000000000\"";
        for (at, byte) in UUID_PLACES.iter().zip(bytes) {
            text[*at..*at + 2].copy_from_slice(&digits(byte));
        }
        self.0.extend_from_slice(&text);
    }

    /// Writes nanoseconds as milliseconds with at most six decimals, which loses nothing.
    pub(super) fn millis(&mut self, key: Key, nanos: u64) {
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
    pub(super) fn time(&mut self, key: Key, nanos: u64) {
        self.key(key);
        self.0.push(b'"');
        time::write(nanos, self.0);
        self.0.push(b'"');
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0x7f
}

const fn digits(byte: u8) -> [u8; 2] {
    [HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]
}
