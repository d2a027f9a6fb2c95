//! Attributes of spans, data points and resources.

use serde_json::Value;

use super::protobuf::Message;

/// How deep members of an event are followed; they are at most three deep.
const MAX_DEPTH: usize = 4;

/// Writes `KeyValue`s into one field of a message.
pub(super) struct Attributes<'a> {
    message: &'a mut Message,
    field: u32,
}

impl<'a> Attributes<'a> {
    pub(super) const fn new(message: &'a mut Message, field: u32) -> Self {
        Self { message, field }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.any(name, |value| value.text(1, text));
    }

    pub(super) fn bool(&mut self, name: &str, is_so: bool) {
        self.any(name, |value| value.bool(2, is_so));
    }

    pub(super) fn int(&mut self, name: &str, number: i64) {
        self.any(name, |value| value.int64(3, number));
    }

    /// A member of an event when it is there: a scalar, or a list of texts.
    pub(super) fn member(&mut self, name: &str, member: &Value) {
        match member {
            Value::String(text) => self.text(name, text),
            Value::Bool(is_so) => self.bool(name, *is_so),
            Value::Number(number) => match number.as_i64() {
                Some(number) => self.int(name, number),
                None => {
                    let number = number.as_f64().unwrap_or_default();
                    self.any(name, |value| value.double(4, number));
                }
            },
            Value::Array(items) => self.any(name, |value| {
                value.message(5, |list| {
                    let texts = items.iter().filter_map(Value::as_str);
                    texts.for_each(|text| list.message(1, |item| item.text(1, text)));
                });
            }),
            Value::Null | Value::Object(_) => {}
        }
    }

    /// Every member below one, under its path.
    pub(super) fn members(&mut self, path: &str, member: &Value) {
        self.below(path, member, MAX_DEPTH);
    }

    fn below(&mut self, path: &str, member: &Value, depth: usize) {
        match member {
            Value::Object(members) if depth > 0 => {
                for (name, member) in members {
                    self.below(&format!("{path}.{name}"), member, depth - 1);
                }
            }
            scalar => self.member(path, scalar),
        }
    }

    fn any(&mut self, name: &str, write: impl FnOnce(&mut Message)) {
        self.message.message(self.field, |pair| {
            pair.text(1, name);
            pair.message(2, write);
        });
    }
}
