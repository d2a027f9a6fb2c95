//! The attribute and derive macros of toolwatch.
//!
//! Depend on `toolwatch`, which re-exports them: what they write names that crate.

mod args;
mod diagnostics;
mod expand;
mod forms;
mod item;
mod rules;
mod tool_attr;
mod watch;

use proc_macro::TokenStream;

/// Watches one tool of an MCP server.
#[proc_macro_attribute]
pub fn watched_tool(args: TokenStream, item: TokenStream) -> TokenStream {
    watch::expand(args.into(), item.into()).into()
}
