//! What an author may add to an event, and what tells requests apart.

use std::borrow::Cow;
use std::fmt;

use super::sealed::{closed, sealed_struct};
use super::{Event, Label, Name};
use crate::shape::{Exposed, Inner};

/// How many characters a tag's value may have.
const MAX_TAG_VALUE: usize = 200;

/// How many characters a tag's key may have.
const MAX_TAG_KEY: usize = 32;

/// How many tags an event may have, those of the watch and of the attribute included.
pub(crate) const MAX_TAGS: usize = 50;

/// How many properties an event may have.
const MAX_PROPERTIES: usize = 50;

/// The value of a tag of a watch or of one that was set at run time: what it may hold was checked
/// when it was made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TagValue(Cow<'static, str>);

closed!(TagValue);

impl TagValue {
    /// A value by that rule.
    pub(crate) fn new(value: impl Into<Cow<'static, str>>) -> Option<Self> {
        let value = value.into();
        is_value(&value).then_some(Self(value))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagValue({} chars)", self.0.chars().count())
    }
}

/// Whether a text is short and clean enough to be a tag's value.
fn is_value(value: &str) -> bool {
    // What has more bytes has too many characters, and is not walked.
    (1..=4 * MAX_TAG_VALUE).contains(&value.len())
        && value.chars().count() <= MAX_TAG_VALUE
        && !value.chars().any(super::label::is_unprintable)
}

/// What the key of a tag or property and the name of an event have to be, for whoever wrote others.
pub(crate) const KEY_RULE: &str =
    "names and keys have 1 to 32 characters of a-z, 0-9, `_`, `.` and `-`";

/// What the value of a tag has to be, for whoever wrote another one.
pub(crate) const VALUE_RULE: &str =
    "a value has 1 to 200 characters, and no control or formatting characters";

/// Why a tag or property is left out that would be one too many.
pub(crate) const TOO_MANY: &str = "an event has at most 50 of them";

/// Whether this is the key of a tag or property, or the name of an event of the author's own: the
/// rule of the attribute's tags.
pub(crate) fn is_key(key: &str) -> bool {
    let of_key = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    (1..=MAX_TAG_KEY).contains(&key.len()) && key.bytes().all(of_key)
}

/// Whether every client takes this as the name of a tool: 1 to 32 letters, digits and `_ . -`, the first a letter.
pub(crate) fn is_tool_name(key: &str) -> bool {
    let of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    key.len() <= MAX_TAG_KEY
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(of_key)
}

sealed_struct! {
    /// A tag of a watch, or one that was set at run time.
    #[derive(Clone, Debug)]
    pub(crate) struct Tag {
        key: Name,
        value: TagValue,
    }
}

/// The tags of an event with those of its watch, as key and value. Of tags with one key the one that
/// was set nearest to the event holds. More than [`MAX_TAGS`] may come.
pub(crate) fn tags<'a>(
    event: &'a Event,
    of_watch: &'a [Tag],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let of_event = |key: &str| event.more_tags.iter().any(|tag| tag.key.as_str() == key);
    let of_attribute = |key: &str| event.tags.iter().any(|(other, _)| *other == key);
    let read = |tag: &'a Tag| (tag.key.as_str(), tag.value.as_str());
    let of_watch = of_watch.iter().map(read);
    of_watch
        .filter(move |(key, _)| !of_attribute(key))
        .chain(event.tags.iter().copied())
        .filter(move |(key, _)| !of_event(key))
        .chain(event.more_tags.iter().map(read))
}

sealed_struct! {
    /// A typed property of an event of the author's own.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Property {
        key: Name,
        value: Exposed,
    }
}

fn put<T>(items: &mut Vec<T>, at: Option<usize>, item: T, max: usize) -> Result<(), &'static str> {
    match at {
        Some(at) => items[at] = item,
        None if items.len() < max => items.push(item),
        None => return Err(TOO_MANY),
    }
    Ok(())
}

impl Property {
    /// A property under a valid key. A name has to be what a tag's value is, else the rule is told.
    pub(crate) fn new(key: &'static str, value: Exposed) -> Result<Self, &'static str> {
        let is_bounded = match value.0 {
            Inner::Bool(_) | Inner::Int(_) => true,
            Inner::Name(name) => is_value(name),
        };
        is_bounded.then_some(Self { key: Name::from_static(key), value }).ok_or(VALUE_RULE)
    }

    /// Adds it, in the place of one with the same key. An error when there is no room.
    pub(crate) fn put_into(self, properties: &mut Vec<Self>) -> Result<(), &'static str> {
        let at = properties.iter().position(|known| known.key == self.key);
        put(properties, at, self, MAX_PROPERTIES)
    }
}

impl Tag {
    /// A tag with a released value, under a valid key. An error for what is no value of a tag.
    pub(crate) fn new(key: &'static str, value: Exposed) -> Result<Self, &'static str> {
        let value = match value.0 {
            Inner::Bool(value) => TagValue::new(if value { "true" } else { "false" }),
            Inner::Int(value) => TagValue::new(value.to_string()),
            Inner::Name(value) => TagValue::new(value),
        };
        Ok(Self { key: Name::from_static(key), value: value.ok_or(VALUE_RULE)? })
    }

    /// Adds it, in the place of one with the same key. An error when there is no room.
    pub(crate) fn put_into(self, tags: &mut Vec<Self>) -> Result<(), &'static str> {
        let at = tags.iter().position(|known| known.key == self.key);
        put(tags, at, self, MAX_TAGS)
    }
}

/// The JSON-RPC id of a request: a number as it is, a text as its keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestKey {
    Number(i64),
    Hash(u64),
}

/// Who the author's hook says that the caller is: a keyed hash, or a cleaned label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Hash(u64),
    Label(Label),
}

closed!(RequestKey, Identity);

#[cfg(test)]
mod tests;
