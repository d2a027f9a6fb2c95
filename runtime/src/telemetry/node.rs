//! An event as a tree of views.
//!
//! Every event becomes one for each destination and provider that speaks OpenTelemetry, so a tree
//! holds as little as it can: texts are views of the event, and members are a list in the order of
//! the event, because an object of one has few.

use std::borrow::Cow;
use std::ops::Index;

#[cfg(any(feature = "otlp", test))]
mod read;

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
