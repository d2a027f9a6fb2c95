//! The author's fn under the name `NAME_unwatched`, with its own signature and body.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{Watched, is_for_companion, mixed};

pub(super) fn expand(watched: &Watched<'_>) -> TokenStream {
    let tool = watched.tool;
    let docs = docs(watched);
    let attrs = watched.attributes(is_for_companion);
    let (modifiers, body) = (&tool.defaultness, &tool.body);
    let vis = generated(tool.vis.to_token_stream());
    let mut signature = tool.signature.clone();
    signature.ident = watched.companion_ident();
    if let Some(asyncness) = &mut signature.asyncness {
        asyncness.span = mixed(asyncness.span);
    }
    signature.fn_token.span = mixed(signature.fn_token.span);
    quote!(#docs #(#attrs)* #vis #modifiers #signature #body)
}

/// Marks the first tokens of the fn as generated, in their place.
///
/// Lints about a fn as a whole then take it for what it is: the author's fn is still there under
/// its own name, and `#[tool]` has always hidden from clippy that an async body awaits nothing.
fn generated(tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(mixed(token.span()));
            token
        })
        .collect()
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
