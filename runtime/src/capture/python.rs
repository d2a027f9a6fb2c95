//! JSON text as Python's `json.dumps(value, sort_keys=True)` writes it.
//!
//! Only for [`HashMode::PythonSha256`](super::hash::HashMode): equal arguments then have equal
//! hashes on Python and Rust servers. Integers beyond 64 bits are floats in serde_json, so for
//! them the texts differ.

use std::io::Write as _;

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use super::canonical::MAX_DEPTH;

/// Which members of an object are written.
pub(crate) trait Choose: Copy {
    /// Visits the members that are written, in the order of their keys.
    fn members(self, object: &JsonObject, visit: &mut dyn FnMut(&str, &Value, Self));
    /// The choice inside the items of a list.
    fn item(self, value: &Value) -> Self;
}

/// Appends an object. Members that `choose` leaves out are not written.
pub(crate) fn write_object<C: Choose>(
    object: &JsonObject,
    choose: C,
    depth: u32,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let mut first = true;
    choose.members(object, &mut |key, value, inside| {
        separate(&mut first, out);
        write_text(key, out);
        out.extend_from_slice(b": ");
        write(value, inside, depth + 1, out);
    });
    out.push(b'}');
}

fn write<C: Choose>(value: &Value, choose: C, depth: u32, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => out.push(0),
        Value::Array(items) => {
            out.push(b'[');
            let mut first = true;
            for item in items {
                separate(&mut first, out);
                write(item, choose.item(item), depth + 1, out);
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, choose, depth, out),
    }
}

fn separate(first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::replace(first, false) {
        out.extend_from_slice(b", ");
    }
}

/// `ensure_ascii`: anything but printable ASCII as UTF-16 escapes.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(c as u8),
            _ => write_escaped(c, out),
        }
    }
    out.push(b'"');
}

fn write_escaped(c: char, out: &mut Vec<u8>) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(out, "\\u{unit:04x}");
    }
}

fn write_number(number: &Number, out: &mut Vec<u8>) {
    match number.as_f64() {
        Some(real) if number.is_f64() => write_real(real, out),
        _ => _ = write!(out, "{number}"),
    }
}

/// `repr(float)`: the shortest digits that read back, with an exponent from 1e16 and below 1e-4.
fn write_real(real: f64, out: &mut Vec<u8>) {
    if real != 0.0 && !(1e-4..1e16).contains(&real.abs()) {
        let scientific = format!("{real:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, exponent) =
            exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
    } else if real.fract() == 0.0 {
        let _ = write!(out, "{real:.1}");
    } else {
        let _ = write!(out, "{real}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::capture::canonical::sorted;
    use crate::capture::{hash, sample};

    impl Choose for () {
        fn members(self, object: &JsonObject, visit: &mut dyn FnMut(&str, &Value, Self)) {
            sorted(object, &mut |key, value| visit(key, value, ()));
        }

        fn item(self, _: &Value) -> Self {}
    }

    #[track_caller]
    fn check(value: Value, text: &str, digest: u64) {
        let mut out = Vec::new();
        write_object(&sample::object(value), (), 0, &mut out);
        assert_eq!(String::from_utf8(out.clone()).unwrap(), text);
        assert_eq!(hash::sha256(&out), digest);
    }

    // Texts and digests were printed by `json.dumps(args, sort_keys=True)` of CPython 3.
    #[test]
    fn nothing_is_an_empty_object() {
        check(json!({}), r#"{}"#, 0x4413_6fa3_55b3_678a);
    }

    #[test]
    fn keys_are_sorted_by_code_point() {
        check(
            json!({"b": 1, "a": "x", "B": null}),
            r#"{"B": null, "a": "x", "b": 1}"#,
            0xe40b_902e_71b3_36c5,
        );
    }

    #[test]
    fn text_is_escaped_to_ascii() {
        check(
            json!({"q": "caf\u{e9} \u{1f600} \"\\ \n\r\t\u{8}\u{c}\u{1}\u{7f}", "e": {"z": [true, false, null, [], {}], "a": -3}}),
            r#"{"e": {"a": -3, "z": [true, false, null, [], {}]}, "q": "caf\u00e9 \ud83d\ude00 \"\\ \n\r\t\b\f\u0001\u007f"}"#,
            0x36d0_62dd_dc26_7ded,
        );
    }

    #[test]
    fn floats_are_written_as_repr_does() {
        check(
            json!({"f": [1.0, -0.0, 1.5, 1e16, 1e15, 123456789012345680.0, 1e-5, 0.0001, 1.5e300, 5e-324, 0.1, 1e22, -2.5e-7, 100.25], "i": [18446744073709551615u64, -9223372036854775808i64]}),
            r#"{"f": [1.0, -0.0, 1.5, 1e+16, 1000000000000000.0, 1.2345678901234568e+17, 1e-05, 0.0001, 1.5e+300, 5e-324, 0.1, 1e+22, -2.5e-07, 100.25], "i": [18446744073709551615, -9223372036854775808]}"#,
            0xde14_1ce7_550a_a29c,
        );
    }
}
