//! Reads the lists of `#[serde(...)]` and `#[shape(...)]` item by item.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Token, token};

use crate::diagnostics::{Diagnostics, instead_of};

/// One item: `key`, `key = tokens` or `key(items)`.
pub(super) struct Item {
    pub(super) key: Ident,
    value: TokenStream,
    items: Vec<Item>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let (mut value, mut items) = (TokenStream::new(), Vec::new());
        if input.peek(token::Paren) {
            let list;
            syn::parenthesized!(list in input);
            items = Punctuated::<Item, Token![,]>::parse_terminated(&list)?.into_iter().collect();
        } else if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            while !input.is_empty() && !input.peek(Token![,]) {
                value.extend([input.parse::<proc_macro2::TokenTree>()?]);
            }
        }
        Ok(Self { key, value, items })
    }
}

impl Item {
    pub(super) fn is(&self, key: &str) -> bool {
        self.key == key
    }

    pub(super) fn value(&self) -> &TokenStream {
        &self.value
    }

    pub(super) fn value_at(&self) -> Span {
        self.value.clone().into_iter().next().map_or(self.key.span(), |token| token.span())
    }

    /// The string of `key = "string"`.
    pub(super) fn text(&self) -> Option<String> {
        syn::parse2::<LitStr>(self.value.clone()).ok().map(|text| text.value())
    }

    /// The string that deserialising uses: `key = "string"` or `key(deserialize = "string")`.
    pub(super) fn deserialize_text(&self) -> Option<String> {
        self.text().or_else(|| self.deserialize_texts().next())
    }

    /// Every string of `key(deserialize = "string", ...)`.
    pub(super) fn deserialize_texts(&self) -> impl Iterator<Item = String> {
        self.items.iter().filter(|item| item.is("deserialize")).filter_map(Item::text)
    }
}

/// The items of serde's attributes. serde reports what it cannot read.
pub(super) fn serde_items(attrs: &[Attribute]) -> Vec<Item> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    lists.filter_map(|attr| items(attr).ok()).flatten().collect()
}

/// The items of our attribute, each of which must be one of `valid`.
pub(super) fn shape_items(attrs: &[Attribute], valid: &[&str], errors: &Diagnostics) -> Vec<Item> {
    let mut known: Vec<Item> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("shape")) {
        for item in items(attr).unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        }) {
            let key = item.key.to_string();
            if !valid.contains(&key.as_str()) {
                let instead = instead_of(&key, valid);
                errors.error(
                    item.key.span(),
                    format!("unknown argument `{key}` of `shape`; {instead}"),
                );
            } else if known.iter().any(|other| other.key == item.key) {
                errors.error(item.key.span(), format!("`{key}` is given twice; keep one of them"));
            } else {
                known.push(item);
            }
        }
    }
    known
}

fn items(attr: &Attribute) -> syn::Result<Vec<Item>> {
    let items = attr.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated)?;
    Ok(items.into_iter().collect())
}
