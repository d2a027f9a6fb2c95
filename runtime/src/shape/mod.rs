//! What a type looks like in JSON, and how much of it may be recorded.
//!
//! [`Shape`] is derived by authors on the parameter types of their tools. It names the fields that
//! rules and events may name, and lets a type lower its own ceiling. Nothing here reads a value:
//! that is the work of capture.

mod count;
mod form;
mod impls;
mod level;
mod reveal;
#[doc(hidden)]
pub mod rules;

pub use count::Count;
pub use form::{Field, Form, Tagging, TypeShape, Variant};
pub use level::Level;
pub(crate) use reveal::Inner;
pub use reveal::{Exposed, Reveal};

/// Describes the JSON form of a type to toolwatch.
///
/// Derive it with `#[derive(Shape)]` beside `Deserialize`. The derive reads serde's attributes
/// (`rename`, `rename_all`, `alias`, `flatten`, `tag`, `content`, `untagged`, `skip`, `default`,
/// `transparent`), so that the names in events are the names on the wire.
///
/// ```
/// use toolwatch::{Form, Shape};
///
/// #[derive(serde::Deserialize, Shape)]
/// #[serde(rename_all = "camelCase")]
/// struct Search {
///     query: String,
///     page_size: Option<u32>,
/// }
///
/// let Form::Object(fields) = Search::shape().form else { unreachable!() };
/// assert_eq!(fields[1].json, "pageSize");
/// ```
#[diagnostic::on_unimplemented(
    message = "toolwatch does not know the shape of `{Self}`",
    label = "`{Self}` does not implement `Shape`",
    note = "add `#[derive(toolwatch::Shape)]` to `{Self}`, or mark the field `#[shape(opaque)]` to record its JSON type only"
)]
pub trait Shape {
    /// The type whose fields a rule path goes on with: the type itself, or what an `Option`, a
    /// `Box` or a list holds.
    type Fields: ?Sized;

    /// The JSON form and the ceiling of this type.
    fn shape() -> TypeShape;

    /// The value whose fields a path goes on with, when there is exactly one.
    fn fields(&self) -> Option<&Self::Fields>;
}
