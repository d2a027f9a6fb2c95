//! The attribute and derive macros of toolwatch.
//!
//! Depend on `toolwatch`, which re-exports them: what they write names that crate.

mod args;
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
#[proc_macro_attribute]
pub fn watched_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    watch::expand(args.into(), item.into()).into()
}

/// Describes the JSON form of a parameter type to toolwatch.
#[proc_macro_derive(Shape, attributes(shape, serde))]
pub fn shape(item: TokenStream) -> TokenStream {
    shape::expand(item.into()).into()
}

/// Lets the variant names of a field-less enum be recorded by a rule of level `value`.
#[proc_macro_derive(Reveal, attributes(shape, serde))]
pub fn reveal(item: TokenStream) -> TokenStream {
    reveal::expand(item.into()).into()
}
