//! How long a value is as compact JSON, without writing it.

use std::io;

use serde::Serialize;
use serde_json::{Number, Value};

/// The length of a string as compact JSON, quotes included.
pub(crate) fn of_text(text: &str) -> u64 {
    // Blocks of 128 let the compiler count in bytes instead of words, sixteen at a time.
    let special: u64 = text.as_bytes().chunks(128).map(|block| u64::from(specials(block))).sum();
    let escapes = if special == 0 { 0 } else { text.bytes().map(escape_bytes).sum() };
    text.len() as u64 + 2 + escapes
}

fn specials(block: &[u8]) -> u8 {
    block.iter().fold(0, |count, &b| count + u8::from(b < 0x20 || b == b'"' || b == b'\\'))
}

/// How many bytes the escaped form of a byte is longer than the byte.
fn escape_bytes(byte: u8) -> u64 {
    match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 1,
        0..0x20 => 5,
        _ => 0,
    }
}

/// The length of a number as compact JSON.
pub(crate) fn of_number(number: &Number) -> u64 {
    if let Some(number) = number.as_u64() {
        return digits(number);
    }
    match number.as_i64() {
        Some(number) => 1 + digits(number.unsigned_abs()),
        None => of_serialized(number),
    }
}

fn digits(number: u64) -> u64 {
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}

/// The brackets and commas of an array or object with so many members.
pub(crate) const fn of_frame(members: usize) -> u64 {
    2 + members.saturating_sub(1) as u64
}

/// The length of any value as compact JSON. It does not recurse, so depth costs no stack.
pub(crate) fn of_value(value: &Value) -> u64 {
    let mut open = Vec::new();
    let mut bytes = of_one(value, &mut open);
    while let Some(value) = open.pop() {
        bytes += of_one(value, &mut open);
    }
    bytes
}

/// The length of one value without its members, which go to `open`.
fn of_one<'a>(value: &'a Value, open: &mut Vec<&'a Value>) -> u64 {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => of_number(number),
        Value::String(text) => of_text(text),
        Value::Array(items) => {
            open.extend(items);
            of_frame(items.len())
        }
        Value::Object(members) => {
            open.extend(members.values());
            of_frame(members.len()) + members.keys().map(|key| of_text(key) + 1).sum::<u64>()
        }
    }
}

/// The length of anything serialisable as compact JSON; 0 when it does not serialise.
pub(crate) fn of_serialized<T: Serialize>(value: &T) -> u64 {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).map_or(0, |()| counter.0)
}

/// Whether a value is nested deeper than `levels`. Looks no deeper than that.
#[cfg(any(feature = "schema", test))]
pub(crate) fn is_deeper(value: &Value, levels: u32) -> bool {
    let inside = |value| levels == 0 || is_deeper(value, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(inside),
        Value::Object(members) => members.values().any(inside),
        _ => false,
    }
}

/// Counts bytes and keeps none.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::capture::sample;

    #[track_caller]
    fn check(value: &Value) {
        assert_eq!(of_value(value), value.to_string().len() as u64, "{value}");
    }

    #[test]
    fn sizes_equal_what_serde_json_writes() {
        check(
            &json!({"a": [1, -1, 0, 1.5, 1e300, u64::MAX, i64::MIN], "b\n\"": "\u{1}\u{7f}é\\\t", "c": {}}),
        );
        check(&json!("x".repeat(1_000) + "\"\u{0}"));
    }

    #[test]
    fn a_depth_of_ten_thousand_costs_no_stack() {
        let deep = sample::nested(10_000);
        assert_eq!(of_value(&deep), 20_002);
        assert!(
            is_deeper(&deep, 64) && !is_deeper(&json!([[1]]), 2) && is_deeper(&json!([[[]]]), 1)
        );
        sample::dismantle(deep);
    }

    proptest! {
        #[test]
        fn size_of_any_value_is_exact(value in sample::values()) {
            prop_assert_eq!(of_value(&value), value.to_string().len() as u64);
        }
    }
}
