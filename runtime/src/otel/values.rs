//! Attributes as the API takes them.

use std::hash::{Hash, Hasher};

use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::telemetry::Attributes;

/// Room for what a call of a tool with some arguments has.
const ROOM: usize = 64;

/// Collects attributes, but for those that a span has already.
pub(super) struct Values {
    pub(super) values: Vec<KeyValue>,
    /// Hashes of names and values, because SDKs may keep both of two attributes of one name.
    digests: Vec<u64>,
    /// Whether the digests are of what the span was started with.
    is_second: bool,
}

impl Values {
    /// For a span that has none.
    pub(super) fn first() -> Self {
        let (values, digests) = (Vec::with_capacity(ROOM), Vec::with_capacity(ROOM));
        Self { values, digests, is_second: false }
    }

    /// What a span with these has not yet.
    pub(super) const fn beside(digests: Vec<u64>) -> Self {
        Self { values: Vec::new(), digests, is_second: true }
    }

    /// The attributes, and what tells them apart later.
    pub(super) fn into_parts(self) -> (Vec<KeyValue>, Vec<u64>) {
        (self.values, self.digests)
    }

    fn add(&mut self, name: &str, value: impl Hash, make: impl FnOnce() -> Value) {
        let mut digest = Digest::new();
        (name, value).hash(&mut digest);
        let digest = digest.finish();
        match self.is_second {
            true if self.digests.contains(&digest) => return,
            true => {}
            false => self.digests.push(digest),
        }
        self.values.push(KeyValue::new(name.to_owned(), make()));
    }
}

/// Tells some dozens of attributes apart, eight bytes at a time. Nobody gains by attributes that
/// share a digest: one of them would not be told a second time.
struct Digest(u64);

impl Digest {
    /// 2^64 over the golden ratio.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

    const fn new() -> Self {
        Self(Self::SPREAD)
    }

    /// Both halves of the product, so that every bit reaches every other.
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(Self::SPREAD);
        self.0 = ((product >> 64) as u64 ^ product as u64).rotate_left(23);
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.word(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.word(u64::from_le_bytes(last) ^ bytes.len() as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Attributes for Values {
    fn text(&mut self, name: &str, text: &str) {
        self.add(name, text, || text.to_owned().into());
    }

    fn bool(&mut self, name: &str, is_so: bool) {
        self.add(name, is_so, || is_so.into());
    }

    fn int(&mut self, name: &str, number: i64) {
        self.add(name, number, || number.into());
    }

    fn double(&mut self, name: &str, number: f64) {
        self.add(name, number.to_bits(), || number.into());
    }

    fn texts(&mut self, name: &str, texts: &[&str]) {
        let make = || {
            let texts = texts.iter().map(|text| StringValue::from((*text).to_owned()));
            Value::Array(Array::String(texts.collect()))
        };
        self.add(name, texts, make);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn digest(name: &str, value: impl Hash) -> u64 {
        let mut digest = Digest::new();
        (name, value).hash(&mut digest);
        digest.finish()
    }

    #[test]
    fn attributes_that_differ_in_one_place_differ() {
        let mut seen = HashSet::new();
        let mut count = 0;
        for name in ["toolwatch.session.key", "toolwatch.request_params.bytes", "a", "b", ""] {
            for bit in 0..64 {
                count += 1;
                seen.insert(digest(name, 1_i64 << bit));
            }
            for len in 0..40 {
                for byte in 0..=255 {
                    let mut text = vec![b'0'; len];
                    text.push(byte);
                    text.resize(40, b'0');
                    // With the zero they are all the same text.
                    count += usize::from(byte != b'0');
                    if byte != b'0' {
                        seen.insert(digest(name, text));
                    }
                }
            }
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_second_walk_tells_what_is_new_or_has_changed() {
        let mut first = Values::first();
        first.text("same", "x");
        first.int("grows", 1);
        let (values, digests) = first.into_parts();
        assert_eq!(values.len(), 2);
        let mut second = Values::beside(digests);
        second.text("same", "x");
        second.int("grows", 2);
        second.bool("new", true);
        let told: Vec<_> = second.values.iter().map(|pair| pair.key.as_str()).collect();
        assert_eq!(told, ["grows", "new"]);
    }
}
