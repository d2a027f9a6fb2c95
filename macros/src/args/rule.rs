//! The rules in `args(...)`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

use super::chunks::{split, split_at_sign};
use crate::diagnostics::{Diagnostics, instead_of};

const LEVELS: [&str; 6] = ["omit", "kind", "len", "hash", "value", "volatile"];

/// `path = level`, `path = volatile` or `path = level + volatile`.
pub(crate) struct Rule {
    pub(crate) path: Vec<Ident>,
    pub(crate) level: Option<Ident>,
    pub(crate) volatile: Option<Ident>,
}

impl Rule {
    /// The names that the rule goes through, without `r#`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.path.iter().map(|segment| segment.unraw().to_string()).collect()
    }

    pub(crate) fn is(&self, level: &str) -> bool {
        self.level.as_ref().is_some_and(|written| written == level)
    }

    /// The token that asks for something: the level, or `volatile` when it stands alone.
    pub(crate) fn asked(&self) -> Option<&Ident> {
        self.level.as_ref().or(self.volatile.as_ref())
    }
}

pub(super) fn read_rule(chunk: &[TokenTree], errors: &Diagnostics) -> Option<Rule> {
    let (path, level) = split_at_sign(chunk, errors, "a rule needs a level; write `field = len`")?;
    let path = read_path(path, errors)?;
    let mut rule = Rule { path, level: None, volatile: None };
    let mut complete = true;
    for part in split(level, '+') {
        complete &= rule.take(part, errors).is_some();
    }
    complete.then_some(rule)
}

impl Rule {
    fn take(&mut self, part: Vec<TokenTree>, errors: &Diagnostics) -> Option<()> {
        let at = part.first().map_or_else(|| self.path[0].span(), TokenTree::span);
        let text: TokenStream = part.into_iter().collect();
        let Some(word) =
            syn::parse2::<Ident>(text.clone()).ok().filter(|word| LEVELS.iter().any(|l| word == l))
        else {
            let instead = instead_of(&text.to_string(), &LEVELS);
            errors.error(at, format!("unknown level `{text}`; {instead}"));
            return None;
        };
        let slot = if word == "volatile" { &mut self.volatile } else { &mut self.level };
        if slot.is_some() {
            errors.error(at, "a rule has one level, and `volatile` once; write `len + volatile`");
            return None;
        }
        *slot = Some(word);
        Some(())
    }
}

fn read_path(tokens: &[TokenTree], errors: &Diagnostics) -> Option<Vec<Ident>> {
    let mut path = Vec::new();
    for segment in split(tokens, '.') {
        match segment.as_slice() {
            [TokenTree::Ident(name)] => path.push(name.clone()),
            _ => {
                let at = segment.first().or(tokens.first())?.span();
                errors.error(at, "a rule names a field; write `field` or `field.nested`");
                return None;
            }
        }
    }
    Some(path)
}
