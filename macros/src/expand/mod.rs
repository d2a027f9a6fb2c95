//! Writes the watched tool: the author's fn under a new name, the entry and the handler.
//!
//! Everything that can be decided at run time is decided in `toolwatch::__private`; what is
//! written here names it by absolute paths. Tokens of the author keep their own spans. Tokens of
//! ours have mixed-site hygiene, so that no name of the author can meet one of ours.

mod companion;
mod entry;
mod handler;
mod policy;
mod skipped;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Type};

use crate::args::Arguments;
use crate::forms;
use crate::item::{ToolFn, is_named};
use crate::tool_attr::ToolAttr;

/// A tool whose arguments were checked.
pub(crate) struct Watched<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) tool: &'a ToolFn,
    pub(crate) attr: &'a ToolAttr,
}

/// Writes the items that take the place of the author's fn.
pub(crate) fn watched_tool(watched: &Watched<'_>) -> TokenStream {
    let companion = companion::expand(watched);
    let entry = entry::expand(watched);
    let policy = policy::expand(watched);
    let handler = handler::expand(watched);
    quote!(#companion #entry #policy #handler)
}

/// Writes the author's fn as it was, marked as one that is never captured.
pub(crate) fn skipped_tool(watched: &Watched<'_>) -> TokenStream {
    skipped::expand(watched)
}

impl Watched<'_> {
    /// The path of the `toolwatch` crate.
    fn krate(&self) -> TokenStream {
        self.krate_at(Span::mixed_site())
    }

    /// The path of the `toolwatch` crate, shown at the author's token that needs it.
    fn krate_at(&self, at: Span) -> TokenStream {
        match &self.arguments.krate {
            Some(path) => at_place(path.to_token_stream(), at),
            None => quote_spanned!(mixed(at)=> ::toolwatch),
        }
    }

    fn companion_ident(&self) -> Ident {
        let ident = self.tool.ident();
        format_ident!("{}_unwatched", ident, span = ident.span())
    }

    fn entry_ident(&self) -> Ident {
        let ident = self.tool.ident();
        format_ident!("__toolwatch_{}", ident, span = mixed(ident.span()))
    }

    fn policy_ident(&self) -> Ident {
        let ident = self.tool.ident();
        format_ident!("__toolwatch_{}_rules", ident, span = mixed(ident.span()))
    }

    /// The type inside the parameter that is written `Parameters<..>`.
    fn parameters(&self) -> Option<&Type> {
        self.tool.parameters().and_then(forms::first_argument)
    }

    /// `Self`, shown at the fn, which is where it is missing when there is no impl block.
    fn self_type(&self) -> TokenStream {
        quote_spanned!(mixed(self.tool.ident().span())=> Self)
    }

    /// `Self::__toolwatch_NAME()`.
    fn entry_call(&self) -> TokenStream {
        let (this, entry) = (self.self_type(), self.entry_ident());
        quote_spanned!(Span::mixed_site()=> #this::#entry())
    }

    fn attributes(&self, keep: impl Fn(&Attribute) -> bool) -> impl Iterator<Item = &Attribute> {
        self.tool.attrs.iter().filter(move |attr| keep(attr))
    }
}

/// Where each attribute of the author goes: `cfg` to every item, what describes the tool to the
/// handler, and everything else stays with the body.
fn is_for_all(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg")
}

fn is_for_handler(attr: &Attribute) -> bool {
    is_for_all(attr) || ["doc", "deprecated"].iter().any(|name| attr.path().is_ident(name))
}

fn is_for_companion(attr: &Attribute) -> bool {
    !attr.path().is_ident("doc") && !is_named(attr, "tool")
}

/// The place of the author's token, with the hygiene of generated code.
fn mixed(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// The same names, shown at another place.
fn at_place(tokens: TokenStream, place: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|token| {
        let span = token.span().located_at(place);
        let mut token = match token {
            TokenTree::Group(group) => {
                Group::new(group.delimiter(), at_place(group.stream(), place)).into()
            }
            token => token,
        };
        token.set_span(span);
        token
    });
    moved.collect()
}

/// The local that holds the argument at a position of the author's signature.
fn local(position: usize) -> Ident {
    Ident::new(&format!("__toolwatch_{position}"), Span::mixed_site())
}
