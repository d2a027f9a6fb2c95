//! The fn that declares one tool to the runtime: what the attribute says, and what its types say.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{Watched, is_for_all, policy};
use crate::args::{Rule, Tag};

/// Characters of intent text that are kept when the author sets no bound.
const INTENT_MAX_CHARS: usize = 500;

pub(super) fn expand(watched: &Watched<'_>) -> TokenStream {
    let krate = watched.krate();
    let attrs = watched.attributes(is_for_all);
    let entry = watched.entry_ident();
    let spec = spec(watched);
    let (schema, shape, this) = (input_schema(watched), shape(watched), watched.self_type());
    let reasons = policy::reasons(watched).map(|reasons| {
        quote_spanned!(Span::mixed_site()=> { use #krate::__private::ReasonProbe as _; ::core::convert::From::from([#reasons]) })
    });
    let reasons = reasons.unwrap_or_else(|| quote!(::core::default::Default::default()));
    quote_spanned! {Span::mixed_site()=>
        #(#attrs)*
        #[doc(hidden)]
        fn #entry() -> &'static #krate::__private::Entry {
            static __TOOLWATCH_SITE: #krate::__private::Site = #krate::__private::Site::new(#spec);
            __TOOLWATCH_SITE.entry::<#this>(|| #krate::__private::Declared {
                input_schema: ::core::convert::Into::into(#schema),
                shape: #shape,
                reasons: #reasons,
            })
        }
    }
}

fn spec(watched: &Watched<'_>) -> TokenStream {
    let krate = watched.krate();
    let name = name(watched);
    let rules = watched.arguments.rules.iter().map(|rule| rule_spec(rule, &krate));
    let intent = intent(watched);
    let tags = watched.arguments.tags.iter().map(|Tag { key, value, .. }| quote!((#key, #value)));
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::Spec {
            tool: #name,
            rules: &[#(#rules),*],
            intent: #intent,
            tags: &[#(#tags),*],
        }
    }
}

/// The name in events: the author's choice, or the name that `#[tool]` gives.
fn name(watched: &Watched<'_>) -> TokenStream {
    match (&watched.arguments.name, watched.attr.value("name")) {
        (Some(name), _) => name.to_token_stream(),
        (None, Some(name)) => name.to_token_stream(),
        (None, None) => watched.tool.ident().to_string().to_token_stream(),
    }
}

fn rule_spec(rule: &Rule, krate: &TokenStream) -> TokenStream {
    let path = rule.names();
    let level = match rule.level.as_ref().map(ToString::to_string).as_deref() {
        Some("omit") => quote!(Some(#krate::Level::Omit)),
        Some("kind") => quote!(Some(#krate::Level::Kind)),
        Some("len") => quote!(Some(#krate::Level::Len)),
        Some("hash") => quote!(Some(#krate::Level::Hash)),
        Some(_) => quote!(Some(#krate::Level::Value)),
        None => quote!(None),
    };
    let volatile = rule.volatile.is_some();
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::Rule {
            path: &[#(#path),*],
            level: ::core::option::Option::#level,
            volatile: #volatile,
        }
    }
}

fn intent(watched: &Watched<'_>) -> TokenStream {
    let krate = watched.krate();
    let intent = &watched.arguments.intent;
    let mode = match intent.mode.as_ref().map(ToString::to_string).as_deref() {
        Some("off") => quote!(Off),
        Some("required") => quote!(Required),
        _ => quote!(Optional),
    };
    let text = match &intent.text {
        Some((_, text)) => quote!(Some(#text)),
        None => quote!(None),
    };
    let max_chars = intent.max_chars.as_ref().and_then(|(_, bound)| bound.base10_parse().ok());
    let max_chars: usize = max_chars.unwrap_or(INTENT_MAX_CHARS);
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::IntentSpec {
            mode: #krate::__private::IntentMode::#mode,
            text: ::core::option::Option::#text,
            max_chars: #max_chars,
        }
    }
}

/// What `#[tool]` would have written, with the same message when the schema is invalid.
pub(super) fn input_schema(watched: &Watched<'_>) -> TokenStream {
    let krate = watched.krate();
    let site = Span::mixed_site();
    if let Some(schema) = watched.attr.value("input_schema") {
        return schema.to_token_stream();
    }
    let Some(ty) = watched.tool.parameters() else {
        return quote_spanned! {site=>
            #krate::__private::rmcp::handler::server::common::schema_for_empty_input()
        };
    };
    quote_spanned! {site=>
        #krate::__private::rmcp::handler::server::common::schema_for_input::<#ty>()
            .unwrap_or_else(|__toolwatch_error| ::core::panic!(
                "Invalid input schema for `{}`: {}",
                ::core::any::type_name::<#ty>(),
                __toolwatch_error
            ))
    }
}

fn shape(watched: &Watched<'_>) -> TokenStream {
    let krate = watched.krate();
    let site = Span::mixed_site();
    match watched.parameters() {
        Some(inner) => quote_spanned! {site=> {
            use #krate::__private::ShapeProbe as _;
            (&#krate::__private::ShapeOf::<#inner>::new()).shape()
        }},
        None => quote_spanned!(site=> ::core::option::Option::None),
    }
}
