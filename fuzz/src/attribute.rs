//! The attribute and the derive on arbitrary tokens: the macros' own sources, built as a library.

// The derives' entry points and some of their diagnostics are not called from here.
#![allow(dead_code, reason = "the modules are those of another crate")]

use std::str::FromStr;

use proc_macro2::TokenStream;

/// The arguments of the attribute and the fn below it, in two parts that a line of `---` divides.
/// Without a second part the fn is a sound one.
///
/// Holds: it never panics, and what it writes can be parsed: the fn is there, or an error is.
pub(crate) fn attribute(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let sound = "#[tool] async fn search(&self, Parameters(search): Parameters<Search>) -> String {}";
    let (args, item) = text.split_once("\n---\n").unwrap_or((text, sound));
    let (Ok(args), Ok(item)) = (TokenStream::from_str(args), TokenStream::from_str(item)) else {
        return;
    };
    let is_fn = syn::parse2::<syn::ImplItemFn>(item.clone()).is_ok();
    let out = crate::watch::expand(args, item);
    if is_fn {
        let block = quote::quote!(impl Docs { #out });
        let text = block.to_string();
        assert!(
            syn::parse2::<syn::ItemImpl>(block).is_ok(),
            "what was written is no item: {text}"
        );
    }
}

/// A type below `#[derive(Shape, Reveal)]`.
///
/// Holds: it never panics, and what it writes can be parsed.
pub(crate) fn derive(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(item) = TokenStream::from_str(text) else { return };
    if syn::parse2::<syn::DeriveInput>(item.clone()).is_err() {
        return;
    }
    for out in [crate::shape::expand(item.clone()), crate::reveal::expand(item)] {
        let text = out.to_string();
        assert!(syn::parse2::<syn::File>(out).is_ok(), "what was written is no item: {text}");
    }
}
