//! The session of a call, as an author may see it.

use std::fmt;

use crate::event::{Confidence, SessionKey, SessionSource};

/// The session that a call belongs to: `attributes.session` of its event.
///
/// [`Display`](fmt::Display) writes the key as it is on the wire, 16 hexadecimal digits: a keyed hash
/// that says nothing about the session's id, and is equal for all events of the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session(pub(super) SessionKey);

impl Session {
    /// What the key was made from.
    #[must_use]
    pub const fn source(&self) -> SessionSource {
        self.0.source
    }

    /// How sure it is that the calls with this key are one session.
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        self.0.confidence
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0.value)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("source", &self.0.source)
            .field("confidence", &self.0.confidence)
            .finish_non_exhaustive()
    }
}
