//! Canonical form against a second, naive implementation and against what equality demands.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::capture::sample;

fn form(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    Canonical::new(&mut out).value(value, 0);
    out
}

/// The documented form, written without regard to cost.
fn naive(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => b"n".to_vec(),
        Value::Bool(true) => b"t".to_vec(),
        Value::Bool(false) => b"f".to_vec(),
        Value::Number(number) => naive_number(number),
        Value::String(text) => naive_text(text),
        Value::Array(items) => {
            [b"a".to_vec(), items.iter().flat_map(naive).collect(), b"e".to_vec()].concat()
        }
        Value::Object(members) => {
            let mut keys: Vec<_> = members.keys().collect();
            keys.sort_by_key(|key| key.as_bytes().to_vec());
            let members: Vec<u8> = keys
                .iter()
                .flat_map(|key| [naive_text(key), naive(&members[*key])].concat())
                .collect();
            [b"o".to_vec(), members, b"e".to_vec()].concat()
        }
    }
}

fn naive_text(text: &str) -> Vec<u8> {
    let mut out = vec![b's'];
    let mut length = text.len();
    loop {
        let more = length > 127;
        out.push((length % 128) as u8 + if more { 128 } else { 0 });
        length /= 128;
        if !more {
            break;
        }
    }
    [out, text.as_bytes().to_vec()].concat()
}

fn naive_number(number: &Number) -> Vec<u8> {
    let integer = match number.as_f64() {
        _ if number.is_u64() || number.is_i64() => number.as_i128(),
        Some(real) if real.fract() == 0.0 => Some(real as i128),
        _ => None,
    };
    let tagged = |tag: u8, bits: [u8; 8]| [vec![tag], bits.to_vec()].concat();
    match integer {
        Some(n) if (0..=i128::from(u64::MAX)).contains(&n) => {
            tagged(b'u', (n as u64).to_be_bytes())
        }
        Some(n) if (i128::from(i64::MIN)..0).contains(&n) => tagged(b'i', (n as i64).to_be_bytes()),
        _ => tagged(b'd', number.as_f64().unwrap().to_bits().to_be_bytes()),
    }
}

/// Equality of JSON data: numbers by value, objects without order.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => naive_number(a) == naive_number(b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

#[test]
fn number_forms_of_one_value_are_equal() {
    for (left, right) in [
        (json!(1), json!(1.0)),
        (json!(0), json!(-0.0)),
        (json!(-5), json!(-5.0)),
        (json!(1u64 << 63), json!(9_223_372_036_854_775_808.0)),
        (json!(i64::MIN), json!(-9_223_372_036_854_775_808.0)),
    ] {
        assert_eq!(form(&left), form(&right), "{left} {right}");
    }
    assert_ne!(form(&json!(u64::MAX)), form(&json!(18_446_744_073_709_551_616.0)));
    assert_ne!(form(&json!("1")), form(&json!(1)));
}

#[test]
fn keys_are_sorted_on_the_stack_and_off_it() {
    for size in [3, SORTED_ON_STACK, 40] {
        let members: JsonObject = (0..size).map(|n| (format!("k{n}"), json!(n))).collect();
        let mut seen = Vec::new();
        if size <= SORTED_ON_STACK {
            sorted_on_stack(&members, &mut |key, _| seen.push(key.to_owned()));
        } else {
            sorted(&members, &mut |key, _| seen.push(key.to_owned()));
        }
        assert!(seen.is_sorted() && seen.len() == size);
    }
}

#[test]
fn what_lies_too_deep_is_a_marker_and_counted() {
    let (deep, deeper) = (sample::nested(10_000), sample::nested(9_000));
    let mut out = Vec::new();
    let mut canonical = Canonical::new(&mut out);
    canonical.value(&deep, 0);
    assert_eq!((canonical.too_deep, canonical.bytes), (1, 20_002));
    assert_eq!(form(&deep), form(&deeper));
    sample::dismantle(deep);
    sample::dismantle(deeper);
}

proptest! {
    #[test]
    fn form_equals_the_naive_one(value in sample::values()) {
        prop_assert_eq!(form(&value), naive(&value));
    }

    #[test]
    fn form_is_equal_exactly_for_equal_data(left in sample::values(), right in sample::values()) {
        prop_assert_eq!(form(&left) == form(&right), same(&left, &right));
    }

    #[test]
    fn order_of_keys_does_not_matter(members in prop::collection::btree_map("[a-z]{1,3}", sample::values(), 0..20)) {
        let there: JsonObject = members.clone().into_iter().collect();
        let back: JsonObject = members.into_iter().rev().collect();
        prop_assert_eq!(form(&Value::Object(there)), form(&Value::Object(back)));
    }

    #[test]
    fn measured_bytes_are_those_of_compact_json(value in sample::values()) {
        let mut out = Vec::new();
        let mut canonical = Canonical::new(&mut out);
        canonical.value(&value, 0);
        prop_assert_eq!(canonical.bytes, value.to_string().len() as u64);
    }
}
