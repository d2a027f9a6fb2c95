//! Writes the `TypeShape` of structs, enums and variants.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{DataEnum, DataStruct, Fields, Member, Type, Variant};

use super::case::Case;
use super::container::{Container, Tag};
use super::field::{FieldAttrs, VariantNames};
use crate::closed::closed;
use crate::diagnostics::Diagnostics;

/// What was found out about a type.
pub(super) struct Described {
    /// An expression of type `TypeShape`.
    pub(super) form: TokenStream,
    /// The types whose shape the form names.
    pub(super) types: Vec<Type>,
    /// The only field of a newtype or transparent type.
    pub(super) inner: Option<(Member, Type)>,
}

impl Described {
    /// A type of which only the JSON type is recorded.
    pub(super) fn opaque(container: &Container) -> Self {
        Self { form: opaque(&container.krate()), types: Vec::new(), inner: None }
    }
}

/// Collects the types that a form names while it is written.
struct Writer<'a> {
    krate: TokenStream,
    types: Vec<Type>,
    errors: &'a Diagnostics,
}

pub(super) fn of_struct(
    data: &DataStruct,
    container: &Container,
    errors: &Diagnostics,
) -> Described {
    let mut writer = Writer { krate: container.krate(), types: Vec::new(), errors };
    if let Some((member, field)) = inner(&data.fields, container) {
        let form = match FieldAttrs::read(&field.attrs, errors).opaque {
            true => return Described::opaque(container),
            false => writer.shape_of(&field.ty),
        };
        let form = quote_spanned!(Span::mixed_site()=> #form());
        return Described { form, types: writer.types, inner: Some((member, field.ty.clone())) };
    }
    let form = writer.fields(&data.fields, container.case());
    Described { form, types: writer.types, inner: None }
}

pub(super) fn of_enum(data: &DataEnum, container: &Container, errors: &Diagnostics) -> Described {
    let mut writer = Writer { krate: container.krate(), types: Vec::new(), errors };
    let tagging = tagging(&container.tag(), &writer.krate);
    let variants: Vec<TokenStream> =
        data.variants.iter().filter_map(|variant| writer.variant(variant, container)).collect();
    let krate = &writer.krate;
    let form = quote_spanned! {Span::mixed_site()=>
        #krate::TypeShape::new(#krate::Form::Choice(#tagging, const { &[#(#variants),*] }))
    };
    Described { form, types: writer.types, inner: None }
}

/// The field that a newtype or a transparent type stands for.
fn inner<'a>(fields: &'a Fields, container: &Container) -> Option<(Member, &'a syn::Field)> {
    let mut members = fields.members().zip(fields);
    match fields {
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => members.next(),
        _ if container.is_transparent() => members.find(|(_, field)| carries_the_form(field)),
        _ => None,
    }
}

/// serde passes over the fields of a transparent type that hold no data of the request.
fn carries_the_form(field: &syn::Field) -> bool {
    let is_marker = match &field.ty {
        Type::Path(ty) => ty.path.segments.last().is_some_and(|last| last.ident == "PhantomData"),
        _ => false,
    };
    let attrs = FieldAttrs::of_serde(&field.attrs);
    !is_marker && !attrs.is_skipped() && !attrs.has_default()
}

fn tagging(tag: &Tag, krate: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    match tag {
        Tag::External => quote_spanned!(site=> #krate::Tagging::External),
        Tag::Internal(tag) => quote_spanned!(site=> #krate::Tagging::Internal { tag: #tag }),
        Tag::Adjacent(tag, content) => {
            quote_spanned!(site=> #krate::Tagging::Adjacent { tag: #tag, content: #content })
        }
        Tag::Untagged => quote_spanned!(site=> #krate::Tagging::Untagged),
    }
}

fn opaque(krate: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #krate::TypeShape::new(#krate::Form::Opaque).with_ceiling(#krate::Level::Kind)
    }
}

impl Writer<'_> {
    /// The path of the fn that describes a type.
    fn shape_of(&mut self, ty: &Type) -> TokenStream {
        self.types.push(ty.clone());
        let krate = &self.krate;
        let ty = closed(ty);
        quote_spanned!(Span::mixed_site()=> <#ty as #krate::Shape>::shape)
    }

    /// The form of several fields: an object, an array or null.
    fn fields(&mut self, fields: &Fields, case: Case) -> TokenStream {
        let krate = self.krate.clone();
        let site = Span::mixed_site();
        match fields {
            Fields::Named(_) => {
                let fields: Vec<TokenStream> =
                    fields.iter().filter_map(|field| self.field(field, case)).collect();
                quote_spanned! {site=>
                    #krate::TypeShape::new(#krate::Form::Object(const { &[#(#fields),*] }))
                }
            }
            Fields::Unnamed(_) => {
                fields.iter().for_each(|field| {
                    FieldAttrs::read(&field.attrs, self.errors);
                });
                let item = opaque(&krate);
                quote_spanned!(site=> #krate::TypeShape::new(#krate::Form::List(|| #item)))
            }
            Fields::Unit => quote_spanned!(site=> #krate::TypeShape::new(#krate::Form::Scalar)),
        }
    }

    fn field(&mut self, field: &syn::Field, case: Case) -> Option<TokenStream> {
        let (attrs, ident) = (FieldAttrs::read(&field.attrs, self.errors), field.ident.as_ref()?);
        if attrs.is_skipped() {
            return None;
        }
        let shape = self.shape_of_field(&field.ty, &attrs);
        let (krate, site, rust) = (&self.krate, Span::mixed_site(), ident.unraw().to_string());
        if attrs.is_flattened() {
            return Some(quote_spanned!(site=> #krate::Field::flattened(#rust, #shape)));
        }
        let (json, aliases) = (attrs.json(ident, case), attrs.aliases());
        Some(quote_spanned!(site=> #krate::Field::new(#rust, #json, &[#(#aliases),*], #shape)))
    }

    fn shape_of_field(&mut self, ty: &Type, attrs: &FieldAttrs) -> TokenStream {
        if attrs.opaque {
            let form = opaque(&self.krate);
            return quote_spanned!(Span::mixed_site()=> || #form);
        }
        self.shape_of(ty)
    }

    fn variant(&mut self, variant: &Variant, container: &Container) -> Option<TokenStream> {
        let names = VariantNames::read(&variant.attrs, &variant.ident, container.case());
        if let Some(item) = names.untagged() {
            let wrong = "one untagged variant among tagged ones has no form here; add `#[shape(opaque)]` to the enum";
            self.errors.error(item.key.span(), wrong);
        }
        if names.is_skipped() {
            return None;
        }
        let content = self.content(&variant.fields, names.case(container.case_of_variant_fields()));
        let (krate, site) = (&self.krate, Span::mixed_site());
        let VariantNames { rust, json, aliases, .. } = &names;
        let names = quote_spanned!(site=> #rust, #json, &[#(#aliases),*]);
        Some(match content {
            Some(shape) => quote_spanned!(site=> #krate::Variant::with_content(#names, #shape)),
            None => quote_spanned!(site=> #krate::Variant::unit(#names)),
        })
    }

    /// The fn that describes the content of a variant; a unit variant has none.
    fn content(&mut self, fields: &Fields, case: Case) -> Option<TokenStream> {
        match fields {
            Fields::Unit => None,
            Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => {
                let field = unnamed.unnamed.first()?;
                let attrs = FieldAttrs::read(&field.attrs, self.errors);
                Some(self.shape_of_field(&field.ty, &attrs))
            }
            fields => {
                let form = self.fields(fields, case).into_token_stream();
                Some(quote_spanned!(Span::mixed_site()=> || #form))
            }
        }
    }
}
