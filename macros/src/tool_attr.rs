//! The author's `#[tool(...)]`, taken apart and put together again around two schemas.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::{Attribute, Expr, MacroDelimiter, Meta, MetaList, Path, Token};

/// One argument of `#[tool(...)]`.
struct ToolArgument {
    path: Path,
    value: Option<Expr>,
    /// What follows the path when it is no value, such as the list of `annotations(...)`.
    rest: TokenStream,
}

impl Parse for ToolArgument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.call(Path::parse_mod_style)?;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { path, value: Some(input.parse()?), rest: TokenStream::new() });
        }
        let mut rest = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            rest.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self { path, value: None, rest })
    }
}

impl ToTokens for ToolArgument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { path, value, rest } = self;
        match value {
            Some(value) => tokens.extend(quote!(#path = #value)),
            None => tokens.extend(quote!(#path #rest)),
        }
    }
}

/// The attribute that makes a fn a tool.
pub(crate) struct ToolAttr {
    attr: Attribute,
    arguments: Punctuated<ToolArgument, Token![,]>,
}

impl ToolAttr {
    /// Takes the attribute apart; `None` when rmcp will refuse it anyway.
    pub(crate) fn read(attr: &Attribute) -> Option<Self> {
        let arguments = match &attr.meta {
            Meta::Path(_) => Punctuated::new(),
            Meta::List(_) => attr.parse_args_with(Punctuated::parse_terminated).ok()?,
            Meta::NameValue(_) => return None,
        };
        Some(Self { attr: attr.clone(), arguments })
    }

    /// The expression of an argument, as the author wrote it.
    pub(crate) fn value(&self, name: &str) -> Option<&Expr> {
        self.arguments.iter().find(|argument| argument.path.is_ident(name))?.value.as_ref()
    }

    /// The attribute at its own place, so that what rmcp has to say points there.
    fn with_arguments(&self, tokens: TokenStream) -> TokenStream {
        let mut attr = self.attr.clone();
        let delimiter = match &attr.meta {
            Meta::List(list) => list.delimiter.clone(),
            _ => MacroDelimiter::Paren(Paren::default()),
        };
        attr.meta = Meta::List(MetaList { path: self.attr.path().clone(), delimiter, tokens });
        attr.into_token_stream()
    }

    /// The attribute with the schema expressions replaced, everything else untouched.
    pub(crate) fn with_schemas(
        &self,
        input: &TokenStream,
        output: Option<&TokenStream>,
    ) -> TokenStream {
        let mut arguments: Vec<TokenStream> = self
            .arguments
            .iter()
            .map(|argument| match (argument.path.is_ident("input_schema"), &argument.value) {
                (true, Some(_)) => quote!(input_schema = #input),
                _ => argument.to_token_stream(),
            })
            .collect();
        if self.value("input_schema").is_none() {
            arguments.push(quote!(input_schema = #input));
        }
        if let (Some(output), None) = (output, self.value("output_schema")) {
            arguments.push(quote!(output_schema = #output));
        }
        self.with_arguments(quote!(#(#arguments),*))
    }
}
