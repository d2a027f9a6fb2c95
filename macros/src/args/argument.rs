//! One argument: its name and what follows it.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::Path;

use super::chunks::{between_commas, first_span};
use super::{ARGUMENTS, Intent, Rule, Tag};
use crate::diagnostics::{Diagnostics, instead_of};

/// `key`, `key = value` or `key(list)`.
pub(super) struct Argument {
    pub(super) key: Ident,
    pub(super) value: Given,
}

pub(super) enum Given {
    Nothing,
    Value(TokenStream),
    List(TokenStream),
}

impl Argument {
    pub(super) fn read(chunk: Vec<TokenTree>, errors: &Diagnostics) -> Option<Self> {
        let mut tokens = chunk.into_iter();
        let key = match tokens.next()? {
            TokenTree::Ident(key) => key,
            other => {
                let list = instead_of("", &ARGUMENTS);
                errors.error(other.span(), format!("an argument starts with its name; {list}"));
                return None;
            }
        };
        let value = match (tokens.next(), tokens.clone().next()) {
            (None, _) => Given::Nothing,
            (Some(TokenTree::Punct(sign)), Some(_)) if sign.as_char() == '=' => {
                Given::Value(tokens.collect())
            }
            (Some(TokenTree::Group(list)), None) if list.delimiter() == Delimiter::Parenthesis => {
                Given::List(list.stream())
            }
            (Some(other), _) => {
                let wrong = format!("`{key}` cannot go on like this; {}", how_to_write(&key));
                errors.error(other.span(), wrong);
                return None;
            }
        };
        Some(Self { key, value })
    }

    pub(super) fn alone(self, errors: &Diagnostics) -> Option<Ident> {
        match self.value {
            Given::Nothing => Some(self.key),
            Given::Value(value) | Given::List(value) => {
                let at = first_span(&value, self.key.span());
                errors.error(at, format!("`{0}` takes no value; write `{0}`", self.key));
                None
            }
        }
    }

    pub(super) fn equals<T: syn::parse::Parse>(
        self,
        example: &str,
        errors: &Diagnostics,
    ) -> Option<T> {
        let wrong = format!("`{}` needs another value; write `{example}`", self.key);
        let Given::Value(value) = self.value else {
            errors.error(self.key.span(), wrong);
            return None;
        };
        let at = first_span(&value, self.key.span());
        syn::parse2(value).map_err(|_| errors.error(at, wrong)).ok()
    }

    pub(super) fn path(self, errors: &Diagnostics) -> Option<Path> {
        let example = "write `crate = ::toolwatch`";
        let Given::Value(value) = self.value else {
            errors.error(self.key.span(), format!("`crate` needs a path; {example}"));
            return None;
        };
        let at = first_span(&value, self.key.span());
        syn::parse::Parser::parse2(Path::parse_mod_style, value)
            .map_err(|_| errors.error(at, format!("`crate` needs a path; {example}")))
            .ok()
    }

    pub(super) fn list(self, errors: &Diagnostics) -> Vec<Vec<TokenTree>> {
        match self.value {
            Given::List(list) if !list.is_empty() => between_commas(list),
            _ => {
                let wrong = format!("`{}` needs a list; {}", self.key, how_to_write(&self.key));
                errors.error(self.key.span(), wrong);
                Vec::new()
            }
        }
    }

    pub(super) fn rules(self, errors: &Diagnostics) -> Vec<Rule> {
        let chunks = self.list(errors);
        chunks.into_iter().filter_map(|chunk| super::rule::read_rule(&chunk, errors)).collect()
    }

    pub(super) fn intent(self, errors: &Diagnostics) -> Intent {
        let mut intent = Intent::default();
        match self.value {
            Given::Value(mode) => {
                intent.mode = super::intent::read_mode(&mode, self.key.span(), errors)
            }
            value => {
                let list = Self { key: self.key, value }.list(errors);
                list.into_iter().for_each(|chunk| intent.take(chunk, errors));
            }
        }
        intent
    }

    pub(super) fn tags(self, errors: &Diagnostics) -> Vec<Tag> {
        let chunks = self.list(errors);
        chunks.into_iter().filter_map(|chunk| super::tag::read_tag(&chunk, errors)).collect()
    }
}

fn how_to_write(key: &Ident) -> String {
    let example = match key.to_string().as_str() {
        "args" => "args(field = len)",
        "intent" => "intent = required` or `intent(required, max_chars = 300)",
        "name" => "name = \"search\"",
        "tags" => "tags(team = \"search\")",
        "crate" => "crate = ::toolwatch",
        other => return format!("write `{other}` or remove it"),
    };
    format!("write `{example}`")
}
