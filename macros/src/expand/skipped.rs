//! A tool that is never captured: the author's fn, token by token, under a `#[tool]` whose input
//! schema tells a wrapper around the server to leave it alone.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{Watched, entry};
use crate::item::is_named;

pub(super) fn expand(watched: &Watched<'_>) -> TokenStream {
    let tool = watched.tool;
    let position = tool.attrs.iter().position(|attr| is_named(attr, "tool"));
    let attrs = tool.attrs.iter().enumerate().map(|(at, attr)| {
        if Some(at) == position { tool_attribute(watched) } else { attr.to_token_stream() }
    });
    let (vis, modifiers, signature, body) =
        (&tool.vis, &tool.defaultness, &tool.signature, &tool.body);
    quote!(#(#attrs)* #vis #modifiers #signature #body)
}

fn tool_attribute(watched: &Watched<'_>) -> TokenStream {
    let (krate, schema) = (watched.krate(), entry::input_schema(watched));
    let input = quote_spanned! {Span::mixed_site()=> {
        static __TOOLWATCH_SITE: #krate::__private::SkippedSite =
            #krate::__private::SkippedSite::new();
        __TOOLWATCH_SITE.input_schema(::core::convert::Into::into(#schema))
    }};
    watched.attr.with_schemas(&input, None)
}
