//! The JSON form of a type, as `#[derive(Shape)]` writes it down.

use super::Level;

/// The JSON form of a type and the highest level that the type allows.
///
/// ```
/// use toolwatch::{Form, Level, Shape};
/// let shape = String::shape();
/// assert!(matches!(shape.form, Form::Text));
/// assert_eq!(shape.ceiling, Level::Value);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TypeShape {
    /// The JSON form.
    pub form: Form,
    /// The highest level that a rule may ask for. A secret has [`Level::Kind`].
    pub ceiling: Level,
}

impl TypeShape {
    /// A shape without a ceiling of its own.
    #[must_use]
    pub const fn new(form: Form) -> Self {
        Self { form, ceiling: Level::Value }
    }

    /// The same form with a ceiling.
    #[must_use]
    pub const fn with_ceiling(self, ceiling: Level) -> Self {
        Self { form: self.form, ceiling }
    }
}

/// The JSON form of a type.
///
/// Forms of nested types are functions, so that a recursive type has a finite description.
///
/// ```
/// use toolwatch::{Form, Shape};
/// assert!(matches!(Vec::<String>::shape().form, Form::List(_)));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Form {
    /// A boolean, a number or null.
    Scalar,
    /// A string.
    Text,
    /// Any JSON; measured at its top level, never walked, because its keys are not declared.
    Any,
    /// A type that toolwatch knows nothing about: its JSON type only.
    Opaque,
    /// An array whose items have one form.
    List(fn() -> TypeShape),
    /// An object whose keys are data: keys are counted and never named.
    Map(fn() -> TypeShape),
    /// An object with declared fields.
    Object(&'static [Field]),
    /// An enum with declared variants.
    Choice(Tagging, &'static [Variant]),
}

/// One declared field of an object.
///
/// ```
/// use toolwatch::{Field, Shape};
/// const QUERY: Field = Field::new("query", "q", &["search"], <String as Shape>::shape);
/// assert_eq!((QUERY.rust, QUERY.json, QUERY.aliases[0]), ("query", "q", "search"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name in the Rust source, which rules use.
    pub rust: &'static str,
    /// The name on the wire, which events use.
    pub json: &'static str,
    /// Other names on the wire that serde accepts.
    pub aliases: &'static [&'static str],
    /// Whether the fields of this type stand in the object around it.
    pub flatten: bool,
    /// The form of the field's type.
    pub shape: fn() -> TypeShape,
}

impl Field {
    /// Describes a field that stands in its object under its own name.
    #[must_use]
    pub const fn new(
        rust: &'static str,
        json: &'static str,
        aliases: &'static [&'static str],
        shape: fn() -> TypeShape,
    ) -> Self {
        Self { rust, json, aliases, flatten: false, shape }
    }

    /// Describes a `#[serde(flatten)]` field.
    #[must_use]
    pub const fn flattened(rust: &'static str, shape: fn() -> TypeShape) -> Self {
        Self { rust, json: "", aliases: &[], flatten: true, shape }
    }
}

/// How serde tells the variants of an enum apart.
///
/// ```
/// use toolwatch::Tagging;
/// let tagging = Tagging::Adjacent { tag: "kind", content: "data" };
/// assert!(matches!(tagging, Tagging::Adjacent { tag: "kind", .. }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tagging {
    /// `{"variant": content}`, or `"variant"` for a unit variant.
    External,
    /// `{"tag": "variant", ...fields}`.
    Internal {
        /// The key that holds the variant's name.
        tag: &'static str,
    },
    /// `{"tag": "variant", "content": ...}`.
    Adjacent {
        /// The key that holds the variant's name.
        tag: &'static str,
        /// The key that holds the variant's fields.
        content: &'static str,
    },
    /// No name: the first variant that fits.
    Untagged,
}

/// One declared variant of an enum.
///
/// ```
/// use toolwatch::Variant;
/// let unit = Variant::unit("Small", "small", &[]);
/// assert!(unit.shape.is_none());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Variant {
    /// The name in the Rust source.
    pub rust: &'static str,
    /// The name on the wire.
    pub json: &'static str,
    /// Other names on the wire that serde accepts.
    pub aliases: &'static [&'static str],
    /// The form of the variant's content; `None` for a unit variant.
    pub shape: Option<fn() -> TypeShape>,
}

impl Variant {
    /// Describes a variant without content.
    #[must_use]
    pub const fn unit(
        rust: &'static str,
        json: &'static str,
        aliases: &'static [&'static str],
    ) -> Self {
        Self { rust, json, aliases, shape: None }
    }

    /// Describes a variant with content.
    #[must_use]
    pub const fn with_content(
        rust: &'static str,
        json: &'static str,
        aliases: &'static [&'static str],
        shape: fn() -> TypeShape,
    ) -> Self {
        Self { rust, json, aliases, shape: Some(shape) }
    }
}
