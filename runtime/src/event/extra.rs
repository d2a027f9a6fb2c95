//! What an author may add to an event, and what tells requests apart.

use std::fmt;

use super::sealed::{closed, sealed_struct};
use super::{Label, Name};
use crate::shape::Exposed;

/// How many characters a tag's value may have.
pub(crate) const MAX_TAG_VALUE: usize = 200;

/// How many characters a tag's key may have.
pub(crate) const MAX_TAG_KEY: usize = 32;

/// How many tags an event may have, those of the attribute included.
pub(crate) const MAX_TAGS: usize = 50;

/// How many properties an event may have.
pub(crate) const MAX_PROPERTIES: usize = 50;

/// The value of a tag that was set at run time: what it may hold was checked when it was made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TagValue(Box<str>);

closed!(TagValue);

impl TagValue {
    /// A value of at most 200 characters, none of them a control or formatting character.
    pub(crate) fn new(value: &str) -> Option<Self> {
        let is_clean = !value.chars().any(super::label::is_unprintable);
        (is_clean && value.chars().count() <= MAX_TAG_VALUE).then(|| Self(value.into()))
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

/// Whether a tag's key is one: 1 to 32 letters, digits and `_ . -`, the first a letter.
pub(crate) fn is_tag_key(key: &str) -> bool {
    let of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    key.len() <= MAX_TAG_KEY
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(of_key)
}

sealed_struct! {
    /// A tag that was set at run time.
    #[derive(Clone, Debug)]
    pub(crate) struct Tag {
        key: Name,
        value: TagValue,
    }
}

sealed_struct! {
    /// A typed property of an event of the author's own.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Property {
        key: Name,
        value: Exposed,
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
