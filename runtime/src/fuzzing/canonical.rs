//! The canonical form against a second implementation, which is the form's definition written down
//! without regard to cost.

use serde_json::{Number, Value};

use crate::capture::canonical::{Canonical, MAX_DEPTH};

/// Two JSON texts, one behind the other.
///
/// Holds: the form is that of the second implementation; two forms are equal exactly when the data
/// are; the length measured on the way is that of the compact text.
pub(super) fn canonical(data: &[u8]) {
    let mut texts = serde_json::Deserializer::from_slice(data).into_iter::<Value>();
    let Some(Ok(left)) = texts.next() else { return };
    let (form, bytes, too_deep) = form(&left);
    assert_eq!(form, naive(&left, 0));
    assert_eq!(bytes, left.to_string().len() as u64);
    let Some(Ok(right)) = texts.next() else { return };
    let (other, _, other_too_deep) = self::form(&right);
    if too_deep + other_too_deep == 0 {
        assert_eq!(form == other, same(&left, &right), "{left} {right}");
    }
}

fn form(value: &Value) -> (Vec<u8>, u64, u32) {
    let mut out = Vec::new();
    let mut canonical = Canonical::new(&mut out);
    canonical.value(value, 0);
    let (bytes, too_deep) = (canonical.bytes, canonical.too_deep);
    (out, bytes, too_deep)
}

fn naive(value: &Value, depth: u32) -> Vec<u8> {
    match value {
        Value::Null => b"n".to_vec(),
        Value::Bool(true) => b"t".to_vec(),
        Value::Bool(false) => b"f".to_vec(),
        Value::Number(number) => naive_number(number),
        Value::String(text) => naive_text(text),
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => b"x".to_vec(),
        Value::Array(items) => {
            let items: Vec<u8> = items.iter().flat_map(|item| naive(item, depth + 1)).collect();
            [b"a".to_vec(), items, b"e".to_vec()].concat()
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_bytes());
            let member = |(key, value): (&String, &Value)| {
                [naive_text(key), naive(value, depth + 1)].concat()
            };
            let members: Vec<u8> = members.into_iter().flat_map(member).collect();
            [b"o".to_vec(), members, b"e".to_vec()].concat()
        }
    }
}

fn naive_text(text: &str) -> Vec<u8> {
    let mut out = vec![b's'];
    let mut length = text.len();
    while length > 127 {
        out.push((length % 128) as u8 + 128);
        length /= 128;
    }
    out.push(length as u8);
    [out, text.as_bytes().to_vec()].concat()
}

/// A number without a fraction by its value, any other one by its bits.
fn naive_number(number: &Number) -> Vec<u8> {
    let real = number.as_f64().unwrap_or_default();
    let integer = match number.as_i128() {
        Some(integer) => Some(integer),
        None if real.fract() == 0.0 && real.abs() < 1e30 => Some(real as i128),
        None => None,
    };
    let tagged = |tag: u8, bits: [u8; 8]| [vec![tag], bits.to_vec()].concat();
    match integer {
        Some(n) if u64::try_from(n).is_ok() => tagged(b'u', (n as u64).to_be_bytes()),
        Some(n) if i64::try_from(n).is_ok() => tagged(b'i', (n as i64).to_be_bytes()),
        _ => tagged(b'd', real.to_bits().to_be_bytes()),
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
