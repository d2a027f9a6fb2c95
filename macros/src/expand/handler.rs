//! The fn that rmcp calls: it runs the author's extractors and body and hands on the reply.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, ReturnType, Type};

use super::{Watched, is_for_handler, local, mixed, policy};
use crate::forms;
use crate::item::is_named;

pub(super) fn expand(watched: &Watched<'_>) -> TokenStream {
    let (attrs, signature) = (attributes(watched), signature(watched));
    let (vis, modifiers) = (&watched.tool.vis, &watched.tool.defaultness);
    let body = body(watched);
    quote!(#attrs #vis #modifiers #signature { #body })
}

fn attributes(watched: &Watched<'_>) -> TokenStream {
    let attrs = &watched.tool.attrs;
    let tool = attrs.iter().position(|attr| is_named(attr, "tool"));
    let forgets = attrs
        .iter()
        .enumerate()
        .rposition(|(position, attr)| forgets_docs(attr, tool < Some(position)));
    let attrs = attrs.iter().enumerate().map(|(position, attr)| {
        if Some(position) == tool {
            tool_attribute(watched)
        } else if is_for_handler(attr) {
            attr.to_token_stream()
        } else if Some(position) == forgets {
            quote!(#[inline])
        } else {
            TokenStream::new()
        }
    });
    attrs.collect()
}

/// Whether rmcp forgets the docs above this attribute when it looks for a description.
///
/// `extract_doc_line` in rmcp-macros begins anew at every attribute that is no doc comment. The
/// handler has to list the description that the author's fn would have, so it keeps an attribute
/// without effect in that place. An attribute macro above `#[tool]` is gone when rmcp looks.
fn forgets_docs(attr: &Attribute, is_below_tool: bool) -> bool {
    const BUILT_IN: [&str; 9] =
        ["allow", "expect", "warn", "deny", "forbid", "must_use", "inline", "cold", "track_caller"];
    let is_built_in = BUILT_IN.iter().any(|name| attr.path().is_ident(name));
    let is_seen =
        !is_for_handler(attr) && !is_named(attr, "tool") && !attr.path().is_ident("cfg_attr");
    is_seen && (is_below_tool || is_built_in)
}

fn tool_attribute(watched: &Watched<'_>) -> TokenStream {
    let (krate, entry) = (watched.krate(), watched.entry_call());
    let site = Span::mixed_site();
    let input = quote_spanned!(site=> #entry.input_schema());
    let output = forms::json_output(&watched.tool.signature.output).map(|ty| {
        quote_spanned! {site=> #entry.output_schema(||
        #krate::__private::rmcp::handler::server::tool::schema_for_output::<#ty>())}
    });
    watched.attr.with_schemas(&input, output.as_ref())
}

fn signature(watched: &Watched<'_>) -> TokenStream {
    let (krate, tool) = (watched.krate(), watched.tool);
    let site = Span::mixed_site();
    let mut signature = tool.signature.clone();
    let asyncness = tool.is_async().then(|| match signature.asyncness {
        Some(asyncness) => asyncness.to_token_stream(),
        None => quote_spanned!(site=> async),
    });
    let receiver = match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => receiver.to_token_stream(),
        _ => quote_spanned!(mixed(tool.ident().span())=> &self),
    };
    let generics = std::mem::take(&mut signature.generics);
    let (parameters, _, where_clause) = generics.split_for_impl();
    let (safety, abi, fn_token, ident) =
        (&signature.safety, &signature.abi, &signature.fn_token, &signature.ident);
    let result = quote_spanned! {site=>
        ::core::result::Result<#krate::__private::CallToolResponse, #krate::__private::ErrorData>
    };
    quote_spanned! {site=>
        #asyncness #safety #abi #fn_token #ident #parameters (
            #receiver,
            __toolwatch_call: #krate::__private::Call
        ) -> #result #where_clause
    }
}

fn body(watched: &Watched<'_>) -> TokenStream {
    let (krate, entry) = (watched.krate(), watched.entry_call());
    let this = this(watched);
    let parts = parts(watched);
    let mutability = (!parts.is_empty()).then(|| quote!(mut));
    let (run, reply) = (run(watched, &this), reply(watched));
    quote_spanned! {Span::mixed_site()=>
        let #mutability __toolwatch_call = __toolwatch_call.open(#this, #entry)?;
        #parts
        let __toolwatch_call = __toolwatch_call.start();
        let __toolwatch_call = #run;
        let __toolwatch_fault = {
            use #krate::__private::{BlameProbe as _, FaultProbe as _};
            let __toolwatch_output = __toolwatch_call.output();
            (&&&#krate::__private::FaultOf(__toolwatch_output)).fault().map(|__toolwatch_fault| {
                __toolwatch_fault.on_side((&#krate::__private::BlameOf(__toolwatch_output)).side())
            })
        };
        #reply
    }
}

/// `self` as the author's receiver spells it, because `self` has hygiene.
fn this(watched: &Watched<'_>) -> TokenStream {
    match watched.tool.receiver() {
        Some(receiver) => receiver.self_token.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> self),
    }
}

/// The author's extractors, from left to right.
fn parts(watched: &Watched<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    let parameters = watched.tool.parameters();
    for (position, ty) in types(watched).enumerate() {
        let (local, at) = (local(position), mixed(ty.span()));
        let krate = watched.krate_at(ty.span());
        let part = quote_spanned! {at=> __toolwatch_call.part::<#ty>(
            #krate::__private::rmcp::handler::server::common::FromContextPart::from_context_part
        )};
        tokens.extend(quote_spanned!(Span::mixed_site()=> let #local = #part?;));
        if parameters.is_some_and(|parameters| std::ptr::eq(parameters, ty)) {
            tokens.extend(policy::call(watched, &local));
        }
    }
    tokens
}

fn types<'a>(watched: &'a Watched<'_>) -> impl Iterator<Item = &'a Type> {
    watched.tool.signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    })
}

fn run(watched: &Watched<'_>, this: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let companion = watched.companion_ident();
    let receiver = watched.tool.receiver().map(|_| quote_spanned!(site=> #this,));
    let locals = types(watched).enumerate().map(|(position, _)| local(position));
    let self_type = watched.self_type();
    let call = quote_spanned!(site=> #self_type::#companion(#receiver #(#locals),*));
    if watched.tool.is_async() {
        quote_spanned!(site=> __toolwatch_call.run(#call).await)
    } else {
        quote_spanned!(site=> __toolwatch_call.run_sync(|| #call))
    }
}

/// The last line stands at the return type, where rmcp's bound on it belongs.
fn reply(watched: &Watched<'_>) -> TokenStream {
    let at = match &watched.tool.signature.output {
        ReturnType::Type(_, ty) => mixed(ty.span()),
        ReturnType::Default => Span::mixed_site(),
    };
    let krate = watched.krate_at(at);
    quote_spanned! {at=> __toolwatch_call.reply(
        __toolwatch_fault,
        #krate::__private::rmcp::handler::server::tool::IntoCallToolResult::into_call_tool_result
    )}
}
