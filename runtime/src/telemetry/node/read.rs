//! A tree from an encoded event: texts without escapes are not copied.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Node;

impl<'a> Node<'a> {
    /// `None` when it is not JSON.
    pub(crate) fn read(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfNode)
    }
}

/// A member's name.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfKey)
    }
}

struct OfKey;

impl<'de> Visitor<'de> for OfKey {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(text.to_owned().into()))
    }
}

struct OfNode;

impl<'de> Visitor<'de> for OfNode {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, is_so: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(is_so))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Node::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Node::Double(number as f64), Node::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Node::Double(number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Key(name), member)) = map.next_entry()? {
            members.push((name, member));
        }
        Ok(Node::Members(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Number, Value, json};

    use super::*;

    fn value(node: &Node<'_>) -> Value {
        match node {
            Node::Null => Value::Null,
            Node::Bool(is_so) => json!(is_so),
            Node::Int(number) => json!(number),
            Node::Double(number) => Number::from_f64(*number).into(),
            Node::Text(text) => json!(text),
            Node::List(items) => items.iter().map(value).collect(),
            Node::Members(members) => {
                members.iter().map(|(name, member)| (name.to_string(), value(member))).collect()
            }
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for json in [
            json!({ "a": { "b": [1, -1, i64::MIN, i64::MAX, 0.5, -1e300, true, null, "x"] }, "": {} }),
            json!({ "escaped\n\"\\": "\u{0}\u{1f980}\u{2028}", "\u{e9}": ["\t", ""] }),
            json!([]),
            json!("text"),
        ] {
            let bytes = json.to_string();
            assert_eq!(value(&Node::read(bytes.as_bytes()).unwrap()), json);
        }
        let beyond = Node::read(b"18446744073709551615").unwrap();
        assert_eq!(beyond, Node::Double(u64::MAX as f64));
    }

    #[test]
    fn what_is_no_json_is_none() {
        for bytes in [&b""[..], b"{", b"{\"a\":1}x", b"{1:2}", b"\"\xff\"", &[b'['; 500]] {
            assert_eq!(Node::read(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_member_that_is_not_there_is_null() {
        let node = Node::read(b"{\"a\":{\"b\":\"c\"}}").unwrap();
        assert!(node["a"]["b"] == "c" && node["a"] != "c");
        assert_eq!([&node["b"]["c"], &node["a"]["b"]["c"]], [&Node::Null; 2]);
    }
}
