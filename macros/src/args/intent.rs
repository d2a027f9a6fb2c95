//! `intent = mode` and `intent(mode, text = "...", max_chars = 300)`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{LitInt, LitStr};

use super::argument::{Argument, Given};
use super::chunks::first_span;
use crate::diagnostics::{Diagnostics, instead_of};

const MODES: [&str; 3] = ["off", "optional", "required"];

/// What the attribute says about the agent's intent.
#[derive(Default)]
pub(crate) struct Intent {
    pub(crate) mode: Option<Ident>,
    pub(crate) text: Option<(Ident, LitStr)>,
    pub(crate) max_chars: Option<(Ident, LitInt)>,
}

impl Intent {
    pub(super) fn take(&mut self, chunk: Vec<TokenTree>, errors: &Diagnostics) {
        let Some(argument) = Argument::read(chunk, errors) else {
            return;
        };
        let key = argument.key.clone();
        let twice =
            || errors.error(key.span(), format!("`{key}` is given twice; keep one of them"));
        match (key.to_string().as_str(), &argument.value) {
            ("text", _) if self.text.is_some() => twice(),
            ("max_chars", _) if self.max_chars.is_some() => twice(),
            ("text", _) => {
                let text = argument.equals("text = \"why this tool?\"", errors);
                self.text = text.map(|text| (key, text));
            }
            ("max_chars", _) => {
                let bound = argument.equals("max_chars = 300", errors);
                self.max_chars = bound.map(|bound| (key, bound));
            }
            (mode, Given::Nothing) if MODES.contains(&mode) && self.mode.is_some() => {
                errors.error(key.span(), "`intent` has one mode; keep one of them");
            }
            (mode, Given::Nothing) if MODES.contains(&mode) => self.mode = Some(key),
            (unknown, _) => {
                let valid = ["off", "optional", "required", "text", "max_chars"];
                let instead = instead_of(unknown, &valid);
                errors
                    .error(key.span(), format!("unknown part `{unknown}` of `intent`; {instead}"));
            }
        }
    }
}

pub(super) fn read_mode(value: &TokenStream, key: Span, errors: &Diagnostics) -> Option<Ident> {
    let at = first_span(value, key);
    match syn::parse2::<Ident>(value.clone()) {
        Ok(mode) if MODES.iter().any(|valid| mode == valid) => Some(mode),
        _ => {
            let instead = instead_of(&value.to_string(), &MODES);
            errors.error(at, format!("unknown mode `{value}` of `intent`; {instead}"));
            None
        }
    }
}
