//! What events are written to.

/// A key from the source.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    #[cfg(feature = "otel")]
    pub(crate) name: &'static str,
    /// As it stands between two members of JSON: `,"name":`, made at compile time, so that an event
    /// is written in few and long pieces.
    pub(super) token: &'static str,
}

macro_rules! key {
    ($name:literal) => {
        $crate::event::encode::out::Key {
            #[cfg(feature = "otel")]
            name: $name,
            token: concat!(",\"", $name, "\":"),
        }
    };
}

pub(super) use key;

/// Takes an event, piece by piece: as JSON, or as a tree whose texts are those of the event.
pub(crate) trait Out<'e> {
    /// How many bytes there are; 0 where there are none.
    fn position(&self) -> usize {
        0
    }

    /// Begins an object.
    fn open(&mut self);
    /// Ends it.
    fn close(&mut self);
    fn open_list(&mut self);
    fn close_list(&mut self);
    /// The name of the member that follows.
    fn key(&mut self, key: Key);
    /// A name that an author chose.
    fn foreign_key(&mut self, key: &'e str);
    fn string(&mut self, text: &'e str);
    fn natural(&mut self, number: u64);
    fn integer(&mut self, number: i64);
    /// A number, written as an integer where it is one.
    fn double(&mut self, number: f64);
    fn bool(&mut self, value: bool);
    /// Bytes as hexadecimal digits.
    fn hex_digits<const N: usize>(&mut self, bytes: &[u8; N]);
    fn uuid(&mut self, bytes: [u8; 16]);
    /// Nanoseconds as milliseconds with at most six decimals, which loses nothing.
    fn millis(&mut self, key: Key, nanos: u64);
    /// Nanoseconds since 1970 as RFC 3339 in UTC with microseconds.
    fn time(&mut self, key: Key, nanos: u64);
    /// A text in a list.
    fn item(&mut self, text: &'e str);

    /// A member that is a text.
    fn text(&mut self, key: Key, text: &'e str) {
        self.key(key);
        self.string(text);
    }

    /// A member that is a number.
    fn count(&mut self, key: Key, number: u64) {
        self.key(key);
        self.natural(number);
    }

    /// A member that is a number, unless it has its default.
    fn count_unless(&mut self, default: u64, key: Key, number: u64) {
        if number != default {
            self.count(key, number);
        }
    }

    /// A member of bytes.
    fn hex<const N: usize>(&mut self, key: Key, bytes: &[u8; N]) {
        self.key(key);
        self.hex_digits(bytes);
    }

    /// A hash as 16 hexadecimal digits, because JSON readers damage integers beyond 2^53.
    fn hash(&mut self, key: Key, hash: u64) {
        self.hex(key, &hash.to_be_bytes());
    }

    /// The same without a key.
    fn bare_hash(&mut self, hash: u64) {
        self.hex_digits(&hash.to_be_bytes());
    }
}
