//! Attributes of spans, data points and resources.

use super::protobuf::Message;
use crate::telemetry::Attributes;

/// Writes `KeyValue`s into one field of a message.
pub(super) struct KeyValues<'a> {
    message: &'a mut Message,
    field: u32,
}

impl<'a> KeyValues<'a> {
    pub(super) const fn new(message: &'a mut Message, field: u32) -> Self {
        Self { message, field }
    }

    fn any(&mut self, name: &str, write: impl FnOnce(&mut Message)) {
        self.message.message(self.field, |pair| {
            pair.text(1, name);
            pair.message(2, write);
        });
    }
}

impl Attributes for KeyValues<'_> {
    fn text(&mut self, name: &str, text: &str) {
        self.any(name, |value| value.text(1, text));
    }

    fn bool(&mut self, name: &str, is_so: bool) {
        self.any(name, |value| value.bool(2, is_so));
    }

    fn int(&mut self, name: &str, number: i64) {
        self.any(name, |value| value.int64(3, number));
    }

    fn double(&mut self, name: &str, number: f64) {
        self.any(name, |value| value.double(4, number));
    }

    fn texts(&mut self, name: &str, texts: &[&str]) {
        self.any(name, |value| {
            value.message(5, |list| {
                texts.iter().for_each(|text| list.message(1, |item| item.text(1, text)));
            });
        });
    }
}
