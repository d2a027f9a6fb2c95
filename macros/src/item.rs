//! The tool fn as the author wrote it: attributes and signature read, the body left alone.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Receiver, Signature, Token, Type, Visibility};

use crate::diagnostics::Diagnostics;
use crate::forms;

/// A fn in an impl block.
pub(crate) struct ToolFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    pub(crate) signature: Signature,
    /// The body with its braces, unparsed.
    pub(crate) body: TokenStream,
}

impl Parse for ToolFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            defaultness: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToolFn {
    /// Reads the item under the attribute, or says why it cannot be watched.
    pub(crate) fn read(item: TokenStream, errors: &Diagnostics) -> Option<Self> {
        let at = what_it_is(item.clone());
        let Ok(tool) = syn::parse2::<Self>(item) else {
            let wrong = "`#[watched_tool]` watches one tool; write it above the `#[tool]` of a fn in an impl block";
            errors.error(at, wrong);
            return None;
        };
        tool.check_attributes(errors);
        Some(tool)
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.signature.ident
    }

    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.signature.receiver()
    }

    /// The type written `Parameters<..>`, when the fn takes one.
    pub(crate) fn parameters(&self) -> Option<&Type> {
        forms::parameters_type(&self.signature)
    }

    /// Whether the body has to be awaited.
    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some() || forms::returns_future(&self.signature.output)
    }

    fn check_attributes(&self, errors: &Diagnostics) {
        for again in self.attrs.iter().filter(|attr| is_named(attr, "watched_tool")) {
            let at = last_span(again);
            errors.error(at, "`#[watched_tool]` is given twice; keep one of them");
        }
        if self.attrs.iter().any(|attr| is_named(attr, "tool")) {
            return;
        }
        let wrong = if forms::is_boxed_by_rmcp(&self.signature.output) {
            "`#[tool]` ran before `#[watched_tool]`; move `#[watched_tool]` above `#[tool]`"
        } else {
            "`#[watched_tool]` sees no `#[tool]` below it; write `#[tool]` on the next line, or move `#[watched_tool]` above it"
        };
        errors.error(self.ident().span(), wrong);
    }
}

/// Whether the last segment of an attribute's path is `name`, which is how rmcp looks for `tool`.
pub(crate) fn is_named(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == name)
}

fn last_span(attr: &Attribute) -> Span {
    let last = attr.path().segments.last();
    last.map_or_else(Span::call_site, |last| last.ident.span())
}

/// The keyword that says what an item is, such as `struct`; the first word otherwise.
fn what_it_is(item: TokenStream) -> Span {
    const KEYWORDS: [&str; 11] =
        ["fn", "struct", "enum", "union", "impl", "trait", "mod", "type", "use", "static", "const"];
    let mut first = None;
    for token in item {
        if let TokenTree::Ident(word) = &token {
            if KEYWORDS.iter().any(|keyword| word == keyword) {
                return word.span();
            }
            first.get_or_insert(word.span());
        }
    }
    first.unwrap_or_else(Span::call_site)
}
