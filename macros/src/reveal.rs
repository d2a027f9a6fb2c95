//! `#[derive(Reveal)]`: the names of a field-less enum are the author's own words.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput, Fields};

use crate::diagnostics::Diagnostics;
use crate::shape::{Names, VariantNames};

const BY_HAND: &str = "implement `Reveal` by hand with a reason";

/// The implementation of `Reveal`, or one error for each mistake.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Diagnostics::new();
    let names = Names::read(&input, &errors);
    if let Some((_, at)) = names.ceiling {
        let wrong = "the ceiling keeps every value in, `Reveal` lets it out; remove one of the two";
        errors.error(at, wrong);
    }
    let arms = arms(&input, &names, &errors);
    let errors = errors.finish();
    if errors.is_empty() { implement(&input, &names, &arms) } else { quote!(#(#errors)*) }
}

fn arms(input: &DeriveInput, names: &Names, errors: &Diagnostics) -> Vec<TokenStream> {
    let at = match &input.data {
        Data::Enum(data) => return variants(data, names, errors),
        Data::Struct(data) => data.struct_token.span,
        Data::Union(data) => data.union_token.span,
    };
    let wrong = format!("`Reveal` is derived for enums without fields; {BY_HAND}");
    errors.error(at, wrong);
    Vec::new()
}

fn variants(data: &DataEnum, names: &Names, errors: &Diagnostics) -> Vec<TokenStream> {
    let mut arms = Vec::new();
    for variant in &data.variants {
        let ident = &variant.ident;
        if !matches!(variant.fields, Fields::Unit) {
            let wrong = format!("`{ident}` holds data, which `Reveal` would let out; {BY_HAND}");
            errors.error(variant.fields.span(), wrong);
        }
        let json = VariantNames::read(&variant.attrs, ident, names.case()).json;
        let krate = names.krate();
        arms.push(quote_spanned! {Span::mixed_site()=>
            Self::#ident => ::core::option::Option::Some(#krate::Exposed::name(#json))
        });
    }
    arms
}

fn implement(input: &DeriveInput, names: &Names, arms: &[TokenStream]) -> TokenStream {
    let (krate, ident) = (names.krate(), &input.ident);
    let (parameters, arguments, where_clause) = input.generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters #krate::Reveal for #ident #arguments #where_clause {
            const REASON: &'static str = "the name of a variant in the program's source";

            fn reveal(&self) -> ::core::option::Option<#krate::Exposed> {
                match *self { #(#arms),* }
            }
        }
    }
}
