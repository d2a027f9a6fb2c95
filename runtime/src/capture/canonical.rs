//! The canonical form of JSON: equal for equal data, different for different data.
//!
//! A value is one tag byte and its contents: `n`, `t`, `f`; `u`/`i` and eight bytes for numbers
//! without a fraction; `d` and eight bytes for other numbers; `s`, a length and bytes for strings;
//! `a` items `e` and `o` (key value)* `e`, with keys in the order of their bytes. `1.0` equals `1`
//! and `-0.0` equals `0`. What is nested deeper than [`MAX_DEPTH`] becomes the marker `x`.
//!
//! The same walk measures the compact JSON length, so that arguments are walked once.

use std::fmt::Write as _;
use std::sync::LazyLock;

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use super::size;

/// How deep a value is walked; serde_json itself parses no deeper than 128.
pub(crate) const MAX_DEPTH: u32 = 64;

/// How many members of an object are sorted without an allocation.
const SORTED_ON_STACK: usize = 16;

/// Writes canonical form to a buffer and measures the JSON on the way.
pub(crate) struct Canonical<'a> {
    out: &'a mut Vec<u8>,
    /// The compact JSON length of what was written.
    pub(crate) bytes: u64,
    /// How many arrays and objects lay beyond the depth.
    pub(crate) too_deep: u32,
}

impl<'a> Canonical<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        out.clear();
        Self { out, bytes: 0, too_deep: 0 }
    }

    /// Writes a value that stands at this depth.
    pub(crate) fn value(&mut self, value: &Value, depth: u32) {
        match value {
            Value::Null => self.word(b'n', 4),
            Value::Bool(true) => self.word(b't', 4),
            Value::Bool(false) => self.word(b'f', 5),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => self.beyond(value),
            Value::Array(items) => {
                self.open(b'a', items.len());
                for item in items {
                    self.value(item, depth + 1);
                }
                self.close();
            }
            Value::Object(members) => self.object(members, depth),
        }
    }

    fn object(&mut self, members: &JsonObject, depth: u32) {
        self.open(b'o', members.len());
        sorted(members, &mut |key, value| {
            self.key(key);
            self.value(value, depth + 1);
        });
        self.close();
    }

    /// Starts an array (`a`) or object (`o`) with so many members.
    pub(crate) fn open(&mut self, tag: u8, members: usize) {
        self.word(tag, size::of_frame(members));
    }

    /// Ends an array or object.
    pub(crate) fn close(&mut self) {
        self.out.push(b'e');
    }

    /// Writes the key of a member.
    pub(crate) fn key(&mut self, key: &str) {
        self.text(key);
        self.bytes += 1;
    }

    /// Marks a value that lies too deep.
    pub(crate) fn beyond(&mut self, value: &Value) {
        self.too_deep += 1;
        self.word(b'x', size::of_value(value));
    }

    /// Where the next value will stand.
    pub(crate) fn mark(&self) -> usize {
        self.out.len()
    }

    /// What was written since a mark.
    pub(crate) fn since(&self, mark: usize) -> &[u8] {
        self.out.get(mark..).unwrap_or_default()
    }

    /// Takes back what was written since a mark; its size stays counted.
    pub(crate) fn cut(&mut self, mark: usize) {
        self.out.truncate(mark);
    }

    fn word(&mut self, tag: u8, bytes: u64) {
        self.out.push(tag);
        self.bytes += bytes;
    }

    fn text(&mut self, text: &str) {
        self.word(b's', size::of_text(text));
        self.length(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    /// LEB128, so that the length of a short string is one byte.
    fn length(&mut self, mut length: usize) {
        while length >= 0x80 {
            self.out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        self.out.push(length as u8);
    }

    fn number(&mut self, number: &Number) {
        let bytes = size::of_number(number);
        match Exact::of(number) {
            Some(Exact::Natural(natural)) => self.eight(b'u', bytes, natural),
            Some(Exact::Negative(negative)) => self.eight(b'i', bytes, negative.cast_unsigned()),
            Some(Exact::Real(bits)) => self.eight(b'd', bytes, bits),
            None => self.digits(number, bytes),
        }
    }

    fn eight(&mut self, tag: u8, bytes: u64, bits: u64) {
        self.word(tag, bytes);
        self.out.extend_from_slice(&bits.to_be_bytes());
    }

    /// A number that no machine type holds, which only `serde_json/arbitrary_precision` makes.
    fn digits(&mut self, number: &Number, bytes: u64) {
        self.word(b'N', bytes);
        let mut text = String::new();
        let _ = write!(text, "{number}");
        self.length(text.len());
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// A number in the one form that equal numbers share.
enum Exact {
    Natural(u64),
    Negative(i64),
    Real(u64),
}

impl Exact {
    fn of(number: &Number) -> Option<Self> {
        if let Some(natural) = number.as_u64() {
            return Some(Self::Natural(natural));
        }
        if let Some(negative) = number.as_i64() {
            return Some(Self::Negative(negative));
        }
        number.as_f64().map(Self::of_real)
    }

    /// Two to the 64th and two to the 63rd are exact in binary64, and the casts below them too.
    fn of_real(real: f64) -> Self {
        const END: f64 = 18_446_744_073_709_551_616.0;
        const START: f64 = -9_223_372_036_854_775_808.0;
        if real.fract() != 0.0 || !(START..END).contains(&real) {
            Self::Real(real.to_bits())
        } else if real < 0.0 {
            Self::Negative(real as i64)
        } else {
            Self::Natural(real as u64)
        }
    }
}

/// Visits the members in the order of their keys' bytes, whatever `serde_json/preserve_order` does.
pub(crate) fn sorted<'a>(members: &'a JsonObject, visit: &mut impl FnMut(&'a str, &'a Value)) {
    static SORTS_ITSELF: LazyLock<bool> = LazyLock::new(map_sorts_itself);
    if *SORTS_ITSELF {
        members.iter().for_each(|(key, value)| visit(key, value));
    } else if members.len() <= SORTED_ON_STACK {
        sorted_on_stack(members, visit);
    } else {
        let mut members: Vec<_> = members.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        members.into_iter().for_each(|(key, value)| visit(key, value));
    }
}

fn map_sorts_itself() -> bool {
    let mut map = JsonObject::new();
    map.insert("b".to_owned(), Value::Null);
    map.insert("a".to_owned(), Value::Null);
    map.keys().next().is_some_and(|first| first == "a")
}

#[inline(never)]
fn sorted_on_stack<'a>(members: &'a JsonObject, visit: &mut impl FnMut(&'a str, &'a Value)) {
    let mut slots = [("", &Value::Null); SORTED_ON_STACK];
    for (slot, (key, value)) in slots.iter_mut().zip(members) {
        *slot = (key, value);
    }
    let filled = &mut slots[..members.len().min(SORTED_ON_STACK)];
    filled.sort_unstable_by_key(|(key, _)| *key);
    filled.iter().for_each(|(key, value)| visit(key, value));
}

#[cfg(test)]
mod tests;
