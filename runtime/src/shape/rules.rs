//! The bounds that a rule of `#[watched_tool(args(...))]` must meet.
//!
//! The attribute writes one call of these functions per rule, in code that never runs, so that
//! rustc reports a rule that does not fit at the author's own token. Not for direct use.

use super::{Reveal, Shape};

/// A type with a length: a string, a list, a map or an object.
#[diagnostic::on_unimplemented(
    message = "`len` does not fit `{Self}`: it has no length",
    label = "`{Self}` has no length",
    note = "write `kind` to record its presence and JSON type"
)]
pub trait MayLen {}

/// A type whose ceiling allows a keyed hash.
#[diagnostic::on_unimplemented(
    message = "`hash` is above what `{Self}` allows",
    label = "`{Self}` does not allow a hash",
    note = "write `omit`, `kind` or `len`, or raise the ceiling where `{Self}` derives `Shape`"
)]
pub trait MayHash {}

/// A type that holds one value, so that a `value` rule can reach through it.
#[diagnostic::on_unimplemented(
    message = "a `value` rule cannot reach through `{Self}`: it holds any number of values",
    label = "a list or a map",
    note = "write `hash` or `len`, which are recorded for the list as a whole"
)]
pub trait Single {}

/// Accepts a field of any shape.
pub fn kind<T: Shape + ?Sized>(_: &T) {}

/// Accepts a field of any type at all.
pub fn omit<T: ?Sized>(_: &T) {}

/// Accepts a field that has a length.
pub fn len<T: MayLen + ?Sized>(_: &T) {}

/// Accepts a field whose type allows a hash.
pub fn hash<T: MayHash + ?Sized>(_: &T) {}

/// Accepts a field whose type releases its value.
pub fn value<T: Reveal + ?Sized>(_: &T) {}

/// Accepts a field that a `value` rule can reach through.
pub fn single<T: Single + ?Sized>(_: &T) {}

/// The fields that a rule path goes on with. Type-checked only: it has no value to return.
#[must_use]
pub fn fields<T: Shape + ?Sized>(_: &T) -> &T::Fields {
    unreachable!("rule checks are type-checked and never run")
}
