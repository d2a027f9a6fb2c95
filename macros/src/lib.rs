//! The attribute and derive macros of toolwatch.
//!
//! Depend on `toolwatch`, which re-exports them: what they write names that crate.

mod args;
mod closed;
mod diagnostics;
mod expand;
mod forms;
mod item;
mod reveal;
mod rules;
mod shape;
mod tool_attr;
mod watch;

use proc_macro::TokenStream;

/// Watches one tool of an MCP server.
///
/// Stands above `#[tool]` in a `#[tool_router]` impl block. The tool keeps its name, its schemas
/// and its replies; its body goes on as `NAME_unwatched`, which unit tests can call.
///
/// | argument | meaning |
/// |---|---|
/// | `skip` | the tool is never captured, also when the whole server is watched; its fn stays as it was; stands alone, but for `crate` |
/// | `args(path = level, ..)` | how much of a field of `Parameters<T>` is recorded |
/// | `deny_unlisted` | every field of `T` needs a rule, or the tool does not compile |
/// | `intent = off`, `optional` or `required` | whether the agent is asked why it calls (`optional`) |
/// | `intent(mode, text = "..", max_chars = 300)` | the question, 1 to 120 characters; the bound of the answer, 1 to 2000 (500) |
/// | `name = "search"` | the name in events, when it is not the name that `#[tool]` gives |
/// | `tags(team = "docs", ..)` | constant labels of every event: keys of a-z, 0-9, `_`, `.`, `-`, at most 32; values of at most 200 characters; at most 50 |
/// | `crate = path` | where the `toolwatch` crate is |
///
/// A path is `field` or `field.nested`; nested types derive [`Shape`](macro@Shape). A rule is a
/// level, `volatile`, or both with a `+` between them:
///
/// | level | records | fits |
/// |---|---|---|
/// | `omit` | nothing | every type |
/// | `kind` | presence and JSON type | every type |
/// | `len` | also the length | strings, lists, maps, objects |
/// | `hash` | also a keyed hash | types whose ceiling allows it |
/// | `value` | also the value | types that implement `Reveal` |
/// | `volatile` | what the default does; the field does not tell repeated calls apart | every type |
///
/// The error type of a tool may implement `Blame`, which tells the caller's faults from the tool's.
///
/// The body of a watched fn is never read. Attributes other than docs, `deprecated`, `cfg` and
/// `#[tool]` go with the body. A fn outside an impl block cannot be watched.
#[proc_macro_attribute]
pub fn watched_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    watch::expand(args.into(), item.into()).into()
}

/// Describes the JSON form of a parameter type to toolwatch.
///
/// Reads what serde reads when it deserialises: `rename`, `rename_all`, `rename_all_fields`,
/// `alias`, `flatten`, `tag`, `content`, `untagged`, `skip`, `skip_deserializing`, `default` and
/// `transparent`. Names that only `Serialize` uses are passed over. `from` and `try_from` hide the
/// form and are refused; a field with `deserialize_with` keeps the form of its type.
///
/// | argument | on | meaning |
/// |---|---|---|
/// | `#[shape(ceiling = kind)]` | a type | the highest level for values of this type: `omit`, `kind`, `len` or `hash` |
/// | `#[shape(opaque)]` | a type or a field | only the JSON type is recorded; the type needs no `Shape` |
/// | `#[shape(crate = path)]` | a type | where the `toolwatch` crate is |
#[proc_macro_derive(Shape, attributes(shape, serde))]
pub fn shape(item: TokenStream) -> TokenStream {
    shape::expand(item.into()).into()
}

/// Lets the variant names of a field-less enum be recorded by a rule of level `value`.
///
/// The recorded name is the name on the wire. Other types implement `Reveal` by hand, with a
/// reason. Takes `#[shape(crate = path)]`.
#[proc_macro_derive(Reveal, attributes(shape, serde))]
pub fn reveal(item: TokenStream) -> TokenStream {
    reveal::expand(item.into()).into()
}
