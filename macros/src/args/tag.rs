//! The labels in `tags(...)`.

use proc_macro2::{Span, TokenTree};
use syn::LitStr;

use super::chunks::split_at_sign;
use crate::diagnostics::Diagnostics;

/// One constant label of a tool.
pub(crate) struct Tag {
    pub(crate) key: String,
    pub(crate) at: Span,
    pub(crate) value: LitStr,
}

pub(super) fn read_tag(chunk: &[TokenTree], errors: &Diagnostics) -> Option<Tag> {
    let example = "a tag needs a value; write `team = \"search\"`";
    let (key, value) = split_at_sign(chunk, errors, example)?;
    let at = key.first()?.span();
    let written: String = key.iter().map(ToString::to_string).collect();
    let value_at = value.first()?.span();
    let value = value.iter().cloned().collect();
    let value = syn::parse2(value).map_err(|_| {
        errors.error(value_at, format!("a tag is a string; write `{written} = \"search\"`"));
    });
    Some(Tag { key: written.trim_matches('"').to_owned(), at, value: value.ok()? })
}
