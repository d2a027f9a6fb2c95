//! Types whose value may leave the process, because their author said so.

use std::fmt;

use super::Count;

/// A type whose value may be recorded by a rule of level `value`.
///
/// It is implemented for `bool`, and `#[derive(Reveal)]` implements it for enums without fields.
/// It is not implemented for numbers and strings: card and phone numbers are integers. Implement
/// it on a type of your own and give the reason, which stands in the source for whoever reviews it.
///
/// ```
/// use toolwatch::{Exposed, Reveal};
///
/// struct PageSize(u16);
///
/// impl Reveal for PageSize {
///     const REASON: &'static str = "a page size says nothing about a person";
///     fn reveal(&self) -> Option<Exposed> {
///         Some(Exposed::int(self.0.into()))
///     }
/// }
/// # let _ = PageSize(3).reveal();
/// ```
#[diagnostic::on_unimplemented(
    message = "the contents of `{Self}` would leave the process",
    label = "`{Self}` does not implement `Reveal`",
    note = "in a rule write `len` or `hash` instead of `value`, or implement `toolwatch::Reveal` with a reason on a type of your own"
)]
pub trait Reveal {
    /// Why values of this type may leave the process.
    const REASON: &'static str;

    /// The value to record; `None` records nothing.
    fn reveal(&self) -> Option<Exposed>;
}

impl Reveal for bool {
    const REASON: &'static str = "a truth value";

    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed(Inner::Bool(*self)))
    }
}

impl<T: Reveal> Reveal for Option<T> {
    const REASON: &'static str = T::REASON;

    fn reveal(&self) -> Option<Exposed> {
        self.as_ref().and_then(T::reveal)
    }
}

impl<T: Reveal + ?Sized> Reveal for Box<T> {
    const REASON: &'static str = T::REASON;

    fn reveal(&self) -> Option<Exposed> {
        (**self).reveal()
    }
}

impl Reveal for Count {
    const REASON: &'static str = "how many there are, and not which";

    /// The number; the largest that an event can hold, 2^63 - 1, for a larger one.
    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed::int(i64::try_from(self.0).unwrap_or(i64::MAX)))
    }
}

/// A value that a type has released with [`Reveal`].
///
/// Its constructors are the only way for a value to enter an event. `Debug` prints the kind of the
/// value and never the value.
///
/// ```
/// use toolwatch::Exposed;
/// assert_eq!(format!("{:?}", Exposed::int(7)), "Exposed(int)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exposed(pub(crate) Inner);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inner {
    Bool(bool),
    Int(i64),
    Name(&'static str),
}

impl Exposed {
    /// A number, such as a page size or a bucket.
    #[must_use]
    pub const fn int(value: i64) -> Self {
        Self(Inner::Int(value))
    }

    /// A truth value.
    #[must_use]
    pub const fn bool(value: bool) -> Self {
        Self(Inner::Bool(value))
    }

    /// A name from the program's own source, such as the name of a variant.
    #[must_use]
    pub const fn name(value: &'static str) -> Self {
        Self(Inner::Name(value))
    }
}

impl fmt::Debug for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Inner::Bool(_) => "Exposed(bool)",
            Inner::Int(_) => "Exposed(int)",
            Inner::Name(_) => "Exposed(name)",
        })
    }
}
