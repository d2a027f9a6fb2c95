//! `#[derive(Shape)]`: the JSON form of a type, read off serde's attributes.
//!
//! `container.rs` and `field.rs` read attributes, `form.rs` writes forms, and this file writes the
//! implementations around them. Everything is about deserialising: a name that only `Serialize`
//! uses never stands in a request.

mod attrs;
mod bounds;
mod case;
mod container;
mod field;
mod form;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Data, DeriveInput};

use self::container::{Ceiling, Container};
use self::form::Described;
use crate::closed::closed;
use crate::diagnostics::Diagnostics;

pub(crate) use self::container::Container as Names;
pub(crate) use self::field::VariantNames;

/// The implementations of `Shape` and of the markers, or one error for each mistake.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let errors = Diagnostics::new();
    let container = Container::read(&input, &errors);
    container.refuse_hidden_forms(&errors);
    let described = describe(&input, &container, &errors);
    let errors = errors.finish();
    if errors.is_empty() { implement(&input, &container, &described) } else { quote!(#(#errors)*) }
}

fn describe(input: &DeriveInput, container: &Container, errors: &Diagnostics) -> Described {
    match &input.data {
        Data::Union(data) => {
            let wrong = "a union has no JSON form; derive `Shape` on a struct or an enum";
            errors.error(data.union_token.span, wrong);
            Described::opaque(container)
        }
        _ if container.is_opaque() => Described::opaque(container),
        Data::Struct(data) => form::of_struct(data, container, errors),
        Data::Enum(data) => form::of_enum(data, container, errors),
    }
}

fn implement(input: &DeriveInput, container: &Container, described: &Described) -> TokenStream {
    let shape = implement_shape(input, container, described);
    let single = marker(input, container, described, "Single");
    let len = container.allows(Ceiling::Len).then(|| marker(input, container, described, "MayLen"));
    let hash =
        container.allows(Ceiling::Hash).then(|| marker(input, container, described, "MayHash"));
    quote!(#shape #single #len #hash)
}

fn implement_shape(
    input: &DeriveInput,
    container: &Container,
    described: &Described,
) -> TokenStream {
    let krate = container.krate();
    let ident = &input.ident;
    let generics = bounds::with_shape(input, &described.types, &krate);
    let (parameters, arguments, where_clause) = generics.split_for_impl();
    let (form, ceiling) = (&described.form, container.ceiling_level(&krate));
    let limited = ceiling.map(|ceiling| {
        quote_spanned! {Span::mixed_site()=>
            let __toolwatch_shape = __toolwatch_shape.with_ceiling(
                ::core::cmp::Ord::min(__toolwatch_shape.ceiling, #ceiling)
            );
        }
    });
    let inner = described.inner.as_ref().map(|(member, ty)| (member, closed(ty)));
    let (fields, reach) = match inner {
        Some((member, ty)) => (
            quote_spanned!(Span::mixed_site()=> <#ty as #krate::Shape>::Fields),
            quote_spanned!(Span::mixed_site()=> #krate::Shape::fields(&self.#member)),
        ),
        None => (
            quote_spanned!(Span::mixed_site()=> Self),
            quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(self)),
        ),
    };
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters #krate::Shape for #ident #arguments #where_clause {
            type Fields = #fields;

            fn shape() -> #krate::TypeShape {
                let __toolwatch_shape = #form;
                #limited
                __toolwatch_shape
            }

            fn fields(&self) -> ::core::option::Option<&<Self as #krate::Shape>::Fields> {
                #reach
            }
        }
    }
}

/// A marker of `rules`: what a newtype holds decides for it, everything else has it.
fn marker(
    input: &DeriveInput,
    container: &Container,
    described: &Described,
    name: &str,
) -> TokenStream {
    let krate = container.krate();
    let ident = &input.ident;
    let name = syn::Ident::new(name, Span::mixed_site());
    let bound = quote_spanned!(Span::mixed_site()=> #krate::shape::rules::#name);
    let mut generics = bounds::with_shape(input, &described.types, &krate);
    if let Some((_, ty)) = &described.inner {
        bounds::require(&mut generics, ty, &bound);
    }
    let (parameters, arguments, where_clause) = generics.split_for_impl();
    let parameters = parameters.to_token_stream();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #parameters #bound for #ident #arguments #where_clause {}
    }
}
