//! Attributes as the API takes them.

use std::hash::{DefaultHasher, Hash, Hasher};

use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::telemetry::Attributes;

/// Collects attributes, but for those that a span has already.
#[derive(Default)]
pub(super) struct Values {
    pub(super) values: Vec<KeyValue>,
    /// What a span was started with: hashes of names and values, because SDKs may keep both of two
    /// attributes of one name.
    seen: Vec<u64>,
}

impl Values {
    /// What a span with these has not yet.
    pub(super) const fn beside(seen: Vec<u64>) -> Self {
        Self { values: Vec::new(), seen }
    }

    /// The attributes, and what tells them apart later.
    pub(super) fn into_parts(self) -> (Vec<KeyValue>, Vec<u64>) {
        (self.values, self.seen)
    }

    fn add(&mut self, name: &str, value: impl Hash, make: impl FnOnce() -> Value) {
        let mut hasher = DefaultHasher::new();
        (name, value).hash(&mut hasher);
        let hash = hasher.finish();
        if !self.seen.contains(&hash) {
            self.seen.push(hash);
            self.values.push(KeyValue::new(name.to_owned(), make()));
        }
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
