//! Reads the few members of a reply that are of use, and keeps nothing of the rest.
//!
//! A general tree of 64 KiB of JSON takes megabytes; this one takes what it is asked for.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The members that a reply may have; others are not kept.
const NAMES: [&str; 7] = ["accepted", "rejected", "quota", "status", "limit", "remaining", "reset"];
/// No text that is of use is longer: statuses and times.
const MAX_TEXT_BYTES: usize = 64;

/// A value of a reply, as far as it is of use. Whatever does not fit is `Other`, never an error.
#[derive(Debug)]
pub(super) enum Member {
    Number(u64),
    Text(String),
    /// A list of so many values.
    List(u64),
    Object(Vec<(&'static str, Self)>),
    Other,
}

impl Member {
    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(of, _)| *of == name).map(|(_, member)| member)
    }

    pub(super) const fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// A number, or the length of a list.
    pub(super) const fn count(&self) -> Option<u64> {
        if let Self::Number(count) | Self::List(count) = self { Some(*count) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
        Ok(Member::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        let fits = text.len() <= MAX_TEXT_BYTES;
        Ok(if fits { Member::Text(text.to_owned()) } else { Member::Other })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Member, A::Error> {
        let mut len = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            len += 1;
        }
        Ok(Member::List(len))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Member, A::Error> {
        let mut members: Vec<(&'static str, Member)> = Vec::new();
        while let Some(Name(name)) = object.next_key()? {
            let Some(name) = name else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let member = object.next_value()?;
            // Of equal names the last one counts, as in most readers.
            match members.iter_mut().find(|(of, _)| *of == name) {
                Some((_, old)) => *old = member,
                None => members.push((name, member)),
            }
        }
        Ok(Member::Object(members))
    }
}

/// One of the names that are of use, or none.
struct Name(Option<&'static str>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, text: &str) -> Result<Name, E> {
                Ok(Name(NAMES.into_iter().find(|name| *name == text)))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}
