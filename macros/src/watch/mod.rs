//! `#[watched_tool]` from arguments and item to tokens, in small stages.

use proc_macro2::TokenStream;
use quote::quote;

use crate::args::{self, Arguments};
use crate::diagnostics::Diagnostics;
use crate::expand::{self, Watched};
use crate::item::{ToolFn, is_named};
use crate::rules;
use crate::tool_attr::ToolAttr;

/// The item, watched; with mistakes, the item as it was and one error for each.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Diagnostics::new();
    let arguments = args::read(args, &errors);
    let tool = ToolFn::read(item.clone(), &errors);
    let has_parameters = tool.as_ref().is_none_or(|tool| tool.parameters().is_some());
    rules::check(&arguments, has_parameters, &errors);
    let errors = errors.finish();
    match tool {
        Some(tool) if errors.is_empty() => watched_tool(&arguments, &tool).unwrap_or(item),
        _ => quote!(#item #(#errors)*),
    }
}

/// `None` when `#[tool]` cannot be read: then rmcp has something to say, and one voice is enough.
fn watched_tool(arguments: &Arguments, tool: &ToolFn) -> Option<TokenStream> {
    let attr = tool.attrs.iter().find(|attr| is_named(attr, "tool"))?;
    let attr = &ToolAttr::read(attr)?;
    let watched = Watched { arguments, tool, attr };
    Some(match arguments.skip {
        Some(_) => expand::skipped_tool(&watched),
        None => expand::watched_tool(&watched),
    })
}

#[cfg(test)]
mod tests;
