//! Cuts tokens at signs that stand outside every bracket.

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::diagnostics::Diagnostics;

/// Splits `key = value`; both sides hold at least one token.
pub(super) fn split_at_sign<'a>(
    chunk: &'a [TokenTree],
    errors: &Diagnostics,
    wrong: &str,
) -> Option<(&'a [TokenTree], &'a [TokenTree])> {
    let sign = chunk.iter().position(|token| is_sign(token, '='));
    match sign {
        Some(sign) if sign > 0 && sign + 1 < chunk.len() => {
            Some((&chunk[..sign], &chunk[sign + 1..]))
        }
        _ => {
            errors.error(chunk.first()?.span(), wrong);
            None
        }
    }
}

pub(super) fn between_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut chunks = split(&tokens, ',');
    if chunks.last().is_some_and(Vec::is_empty) {
        chunks.pop();
    }
    chunks
}

pub(super) fn split(tokens: &[TokenTree], sign: char) -> Vec<Vec<TokenTree>> {
    tokens.split(|token| is_sign(token, sign)).map(<[TokenTree]>::to_vec).collect()
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

pub(super) fn first_span(tokens: &TokenStream, otherwise: Span) -> Span {
    tokens.clone().into_iter().next().map_or(otherwise, |token| token.span())
}
