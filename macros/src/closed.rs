//! A type that stands beside other tokens.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Type;

/// A type behind `&`, or before `as`. There a plus would end it too early, or take the word that
/// follows for one more trait, and the compiler would complain of this instead of the type.
pub(crate) fn closed(ty: &Type) -> TokenStream {
    let bounds = match ty {
        Type::TraitObject(object) => &object.bounds,
        Type::ImplTrait(some) => &some.bounds,
        _ => return ty.to_token_stream(),
    };
    match bounds.len() > 1 || bounds.trailing_punct() {
        true => quote_spanned!(Span::mixed_site()=> (#ty)),
        false => ty.to_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn nothing_joins_a_type_with_a_plus() {
        for (ty, expect) in [
            ("Ma +", "(Ma +)"),
            ("dyn Ma +", "(dyn Ma +)"),
            ("impl Ma +", "(impl Ma +)"),
            ("dyn Ma + Send", "(dyn Ma + Send)"),
            ("S + earch", "(S + earch)"),
            ("dyn Ma", "dyn Ma"),
            ("Vec < Ma + >", "Vec < Ma + >"),
        ] {
            let ty: Type = syn::parse_str(ty).unwrap();
            let closed = closed(&ty);
            assert_eq!(closed.to_string(), expect);
            for around in [quote!(<#closed as Shape>::shape), quote!(|it: &#closed| it)] {
                assert!(syn::parse2::<syn::Expr>(around).is_ok(), "{expect}");
            }
        }
    }
}
