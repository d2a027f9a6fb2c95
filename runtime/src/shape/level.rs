//! How much of a field is recorded.

/// How much of a field is recorded, from nothing to the value.
///
/// Levels are ordered: each one records what the level before it records, and more.
///
/// ```
/// use toolwatch::Level;
/// assert!(Level::Omit < Level::Kind && Level::Len < Level::Hash);
/// assert_eq!(Level::default(), Level::Len);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing, not even presence.
    Omit,
    /// Presence and JSON type.
    Kind,
    /// Also the characters of a string, the items of an array, the keys of an object.
    #[default]
    Len,
    /// Also a keyed hash of the field.
    Hash,
    /// Also the value, which the type releases through [`Reveal`](crate::Reveal).
    Value,
}

impl Level {
    /// The name used in rules and docs: `omit`, `kind`, `len`, `hash` or `value`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Omit => "omit",
            Self::Kind => "kind",
            Self::Len => "len",
            Self::Hash => "hash",
            Self::Value => "value",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
