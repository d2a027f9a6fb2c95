//! The bounds that a generic type needs.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{DeriveInput, Generics, Type, WherePredicate, parse_quote_spanned};

/// The type's generics, with `T: Shape` for every type parameter that its form names.
pub(super) fn with_shape(input: &DeriveInput, types: &[Type], krate: &TokenStream) -> Generics {
    let mut generics = input.generics.clone();
    let used: Vec<Ident> = generics
        .type_params()
        .map(|parameter| parameter.ident.clone())
        .filter(|parameter| types.iter().any(|ty| names(ty.to_token_stream(), parameter)))
        .collect();
    let bounds = generics.make_where_clause();
    for parameter in used {
        let site = Span::mixed_site().located_at(parameter.span());
        bounds.predicates.push(parse_quote_spanned!(site=> #parameter: #krate::Shape));
    }
    generics
}

/// Adds `ty: bound` in a form that may be false without being an error.
///
/// A bound that holds no parameter is checked where it is written, unless it quantifies over a
/// lifetime; then it is checked where the implementation is used.
pub(super) fn require(generics: &mut Generics, ty: &Type, bound: &TokenStream) {
    let tokens = quote_spanned!(Span::mixed_site()=> for<'__toolwatch> #ty: #bound);
    if let Ok(predicate) = syn::parse2::<WherePredicate>(tokens) {
        generics.make_where_clause().predicates.push(predicate);
    }
}

fn names(tokens: TokenStream, parameter: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *parameter,
        TokenTree::Group(group) => names(group.stream(), parameter),
        _ => false,
    })
}
