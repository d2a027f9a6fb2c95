//! Names that were registered at start-up.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::sealed::closed;

/// How many distinct names one process may register. Tools, parameters and schema paths of a large
/// fleet of servers stay far below; past it a name becomes `_overflow`.
const MAX_NAMES: usize = 65_536;

/// How many bytes of a name are kept.
const MAX_BYTES: usize = 256;

/// A name from the program's own source or schema, registered once and then compared and copied
/// like an integer.
///
/// Names live as long as the process. Their number is bounded (65,536); past the bound a new name
/// reads `_overflow`.
///
/// ```
/// use toolwatch::event::Name;
/// assert_eq!(Name::from_static("search").as_str(), "search");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(&'static str);

closed!(Name);

impl Name {
    /// A name that is written in the program's source.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(name)
    }

    /// Registers a name that the program has built at start-up, such as the path of a field.
    pub(crate) fn register(name: &str) -> Self {
        static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
        let name = &name[..name.floor_char_boundary_compat(MAX_BYTES)];
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        let names = names.get_or_insert_with(HashSet::new);
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        if names.len() >= MAX_NAMES {
            return Self("_overflow");
        }
        let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
        names.insert(leaked);
        Self(leaked)
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `str::floor_char_boundary` is newer than the declared minimum Rust version.
trait FloorCharBoundary {
    fn floor_char_boundary_compat(&self, max: usize) -> usize;
}

impl FloorCharBoundary for str {
    fn floor_char_boundary_compat(&self, max: usize) -> usize {
        if self.len() <= max {
            return self.len();
        }
        (0..=max).rev().find(|&at| self.is_char_boundary(at)).unwrap_or(0)
    }
}
