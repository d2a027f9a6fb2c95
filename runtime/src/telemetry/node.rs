//! An encoded event, read where it lies.
//!
//! Every event is read once for each destination and provider that speaks OpenTelemetry, so reading
//! makes as little as it can: texts without escapes are views of the event, and members are a list in
//! the order of the event, because an object of one has few.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of JSON.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Node<'a> {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// Any other number.
    Double(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Members(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// What is not there.
const NOTHING: &Node<'static> = &Node::Null;

impl<'a> Node<'a> {
    /// `None` when it is not JSON.
    pub(crate) fn read(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    #[cfg(feature = "otlp")]
    pub(crate) const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(is_so) => Some(*is_so),
            _ => None,
        }
    }

    pub(crate) const fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    #[cfg(feature = "otlp")]
    pub(crate) const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) const fn is_object(&self) -> bool {
        matches!(self, Self::Members(_))
    }

    /// The members of an object in their order; of anything else none.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = match self {
            Self::Members(members) => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, member)| (name.as_ref(), member))
    }

    /// Takes a member out of an object.
    #[cfg(feature = "otel")]
    pub(crate) fn remove(&mut self, name: &str) {
        if let Self::Members(members) = self {
            members.retain(|(of, _)| of != name);
        }
    }

    /// A member that may be changed, when it is there.
    #[cfg(feature = "otel")]
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Members(members) = self else { return None };
        members.iter_mut().find(|(of, _)| of == name).map(|(_, member)| member)
    }
}

/// A member of an object; [`Node::Null`] where there is none.
impl<'a> Index<&str> for Node<'a> {
    type Output = Self;

    fn index(&self, name: &str) -> &Self {
        let found = self.members().find(|(of, _)| *of == name);
        found.map_or(NOTHING, |(_, member)| member)
    }
}

impl PartialEq<&str> for Node<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == Some(text)
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
