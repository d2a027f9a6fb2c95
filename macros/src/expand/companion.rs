//! The author's fn under the name `NAME_unwatched`, with its own signature and body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{Watched, is_for_companion};

pub(super) fn expand(watched: &Watched<'_>) -> TokenStream {
    let tool = watched.tool;
    let docs = docs(watched);
    let attrs = watched.attributes(is_for_companion);
    let (vis, modifiers, body) = (&tool.vis, &tool.defaultness, &tool.body);
    let mut signature = tool.signature.clone();
    signature.ident = watched.companion_ident();
    quote!(#docs #(#attrs)* #vis #modifiers #signature #body)
}

fn docs(watched: &Watched<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let name = watched.tool.ident();
    let first = format!("The body of the tool `{name}`, without toolwatch.");
    let output = watched.tool.signature.output.to_token_stream().to_string();
    let errors = output.contains("Result").then(|| {
        let errors = format!("Those of the tool `{name}`.");
        quote_spanned!(site=> #[doc = ""] #[doc = "# Errors"] #[doc = ""] #[doc = #errors])
    });
    quote_spanned!(site=> #[doc = #first] #errors)
}
