//! The rules against the author's types, each written down once.
//!
//! A field that does not exist is an error at the author's field, a type that does not fit an
//! error at the author's level. A rule of level `value` also runs: it hands the value to the call.
//! All other checks are type-checked and never run.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Path, PathArguments, Token, Type};

use super::{Watched, at_place, is_for_all, mixed};
use crate::args::Rule;
use crate::closed::closed;

/// The fn that holds the rules; nothing when there are none.
pub(super) fn expand(watched: &Watched<'_>) -> Option<TokenStream> {
    let rules = &watched.arguments.rules;
    let ty = watched.parameters().filter(|_| !rules.is_empty())?;
    let arguments = closed(ty);
    let (krate, policy) = (watched.krate(), watched.policy_ident());
    let attrs = watched.attributes(is_for_all);
    let fields = FirstFields::of(watched, ty);
    let pattern = &fields.pattern;
    let checks =
        rules.iter().filter(|rule| !rule.is("value")).map(|rule| check(rule, &fields, watched));
    let exposures = rules.iter().enumerate().filter(|(_, rule)| rule.is("value"));
    let exposures = exposures.map(|(index, rule)| expose(index, rule, &fields, watched));
    Some(quote_spanned! {Span::mixed_site()=>
        #(#attrs)*
        #[doc(hidden)]
        fn #policy(__toolwatch_arguments: &#arguments, __toolwatch_call: &mut #krate::__private::Opened<'_, Self>) {
            #pattern
            let _ = || { #(#checks)* };
            #(#exposures)*
        }
    })
}

/// Why the value rules may release what they release: pairs of a rule's place and the reason that
/// its type gives. The types are known to rustc alone, so closures that never run lead it there, in
/// the same words as the rules themselves: a mistake in a rule is then told once.
pub(super) fn reasons(watched: &Watched<'_>) -> Option<TokenStream> {
    let rules = watched.arguments.rules.iter().enumerate();
    let mut rules = rules.filter(|(_, rule)| rule.is("value")).peekable();
    rules.peek()?;
    let ty = watched.parameters()?;
    let fields = FirstFields::of(watched, ty);
    let reasons = rules.map(|(index, rule)| reason(index, rule, &fields, watched));
    Some(quote_spanned!(Span::mixed_site()=> #(#reasons),*))
}

fn reason(index: usize, rule: &Rule, fields: &FirstFields, watched: &Watched<'_>) -> TokenStream {
    let (site, krate) = (Span::mixed_site(), watched.krate());
    let ty = watched.parameters().map(closed);
    let [first, others @ ..] = rule.path.as_slice() else {
        return TokenStream::new();
    };
    let (mut steps, mut last) = (TokenStream::new(), first);
    for field in others {
        let (through, at) = (mixed(last.span()), watched.krate_at(last.span()));
        let step = quote_spanned!(through=> #at::Shape::fields(__toolwatch_field));
        let place = quote_spanned!(mixed(field.span())=> &__toolwatch_fields.#field);
        steps.extend(quote_spanned! {site=>
            let __toolwatch_fields = #krate::__private::fields_of(#step);
            let __toolwatch_field = #place;
        });
        last = field;
    }
    let (pattern, place) = (&fields.pattern, fields.place(first, rule));
    quote_spanned! {site=>
        (#index, (&#krate::__private::ReasonOf::at(|__toolwatch_arguments: &#ty| {
            #pattern
            let __toolwatch_field = #place;
            #steps
            __toolwatch_field
        })).reason())
    }
}

/// The call of that fn by the handler.
pub(super) fn call(watched: &Watched<'_>, parameters: &Ident) -> Option<TokenStream> {
    let policy = watched.policy_ident();
    (!watched.arguments.rules.is_empty()).then(|| {
        quote_spanned!(Span::mixed_site()=> Self::#policy(&#parameters.0, &mut __toolwatch_call);)
    })
}

/// The fields of the parameter type that rules begin with.
struct FirstFields {
    /// The destructuring without `..` that `deny_unlisted` asks for: a field without a rule does
    /// not compile.
    pattern: Option<TokenStream>,
    /// The local that the pattern gives to each field.
    locals: BTreeMap<String, Ident>,
}

impl FirstFields {
    fn of(watched: &Watched<'_>, ty: &Type) -> Self {
        let mut fields = Self { pattern: None, locals: BTreeMap::new() };
        let (Some(deny), Type::Path(ty)) = (&watched.arguments.deny_unlisted, ty) else {
            return fields;
        };
        let (at, mut bindings) = (mixed(deny.span()), TokenStream::new());
        for rule in &watched.arguments.rules {
            let (Some(field), Some(name)) = (rule.path.first(), rule.names().into_iter().next())
            else {
                continue;
            };
            if !fields.locals.contains_key(&name) {
                let local = format_ident!("__toolwatch_field_{}", fields.locals.len(), span = at);
                bindings.extend(quote_spanned!(at=> #field: #local,));
                fields.locals.insert(name, local);
            }
        }
        let path = at_place(expression_path(&ty.path).to_token_stream(), deny.span());
        // rustc lists the missing fields when the pattern has the hygiene of their definition.
        let pattern = quote_spanned!(deny.span()=> #path { #bindings });
        fields.pattern = Some(quote_spanned!(at=> let #pattern = __toolwatch_arguments;));
        fields
    }

    /// A reference to the field that a rule begins with.
    fn place(&self, field: &Ident, rule: &Rule) -> TokenStream {
        let local = rule.names().first().and_then(|name| self.locals.get(name));
        match local {
            Some(local) => local.to_token_stream(),
            None => quote_spanned!(mixed(field.span())=> &__toolwatch_arguments.#field),
        }
    }
}

/// A type's path as patterns want it, with `::<..>`.
fn expression_path(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(list) = &mut segment.arguments {
            list.colon2_token.get_or_insert_with(<Token![::]>::default);
        }
    }
    path
}

fn check(rule: &Rule, fields: &FirstFields, watched: &Watched<'_>) -> TokenStream {
    let [first, others @ ..] = rule.path.as_slice() else {
        return TokenStream::new();
    };
    let (mut place, mut last) = (fields.place(first, rule), first);
    for field in others {
        let krate = watched.krate_at(last.span());
        let through = quote_spanned!(mixed(last.span())=> #krate::shape::rules::fields(#place));
        place = quote_spanned!(mixed(field.span())=> &#through.#field);
        last = field;
    }
    let at = asked_at(rule);
    let (krate, bound) = (watched.krate_at(at), Ident::new(bound(rule), at));
    let keep = quote_spanned!(Span::mixed_site()=> let __toolwatch_field = #place;);
    let check = quote_spanned!(at=> #krate::shape::rules::#bound(__toolwatch_field););
    quote_spanned!(Span::mixed_site()=> { #keep #check })
}

/// Hands the call a closure that finds the value. All of the author's code that it takes runs in
/// there, where a panic is only counted.
fn expose(index: usize, rule: &Rule, fields: &FirstFields, watched: &Watched<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let [first, others @ ..] = rule.path.as_slice() else {
        return TokenStream::new();
    };
    let (mut place, mut last, mut steps) = (fields.place(first, rule), first, TokenStream::new());
    for field in others {
        let (through, krate) = (mixed(last.span()), watched.krate_at(last.span()));
        let single = quote_spanned!(through=> #krate::shape::rules::single(__toolwatch_field););
        let step = quote_spanned!(through=> #krate::Shape::fields(__toolwatch_field));
        steps.extend(quote_spanned! {site=>
            let __toolwatch_field = #place;
            #single
            let __toolwatch_fields = #step?;
        });
        place = quote_spanned!(mixed(field.span())=> &__toolwatch_fields.#field);
        last = field;
    }
    let (at, keep) = (asked_at(rule), quote_spanned!(site=> let __toolwatch_field = #place;));
    let krate = watched.krate_at(at);
    let reveal = quote_spanned!(at=> #krate::Reveal::reveal(__toolwatch_field));
    quote_spanned!(site=> __toolwatch_call.expose(#index, || { #steps #keep #reveal });)
}

/// The token that asks for something: the level, or `volatile` when it stands alone.
fn asked_at(rule: &Rule) -> Span {
    mixed(rule.asked().map_or_else(Span::mixed_site, Ident::span))
}

/// The bound of a level. `kind` and `volatile` need no knowledge of the type, so that they fit an
/// opaque field.
fn bound(rule: &Rule) -> &'static str {
    match rule.level.as_ref().map(ToString::to_string).as_deref() {
        Some("len") => "len",
        Some("hash") => "hash",
        _ => "omit",
    }
}
