//! Attributes, wherever they are written to.

use serde_json::Value;

/// How deep members of an event are followed; they are at most three deep.
const MAX_DEPTH: usize = 4;

/// Takes attributes.
pub(crate) trait Attributes {
    fn text(&mut self, name: &str, text: &str);
    fn bool(&mut self, name: &str, is_so: bool);
    fn int(&mut self, name: &str, number: i64);
    fn double(&mut self, name: &str, number: f64);
    fn texts(&mut self, name: &str, texts: &[&str]);

    /// A member of an event when it is there: a scalar, or a list of texts.
    fn member(&mut self, name: &str, member: &Value) {
        match member {
            Value::String(text) => self.text(name, text),
            Value::Bool(is_so) => self.bool(name, *is_so),
            Value::Number(number) => match number.as_i64() {
                Some(number) => self.int(name, number),
                None => self.double(name, number.as_f64().unwrap_or_default()),
            },
            Value::Array(items) => {
                let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                self.texts(name, &texts);
            }
            Value::Null | Value::Object(_) => {}
        }
    }

    /// Every member below one, under its path.
    fn members(&mut self, path: &str, member: &Value) {
        below(self, path, member, MAX_DEPTH);
    }
}

fn below<A: Attributes + ?Sized>(to: &mut A, path: &str, member: &Value, depth: usize) {
    match member {
        Value::Object(members) if depth > 0 => {
            for (name, member) in members {
                below(to, &format!("{path}.{name}"), member, depth - 1);
            }
        }
        scalar => to.member(path, scalar),
    }
}
