//! Reads the arguments of `#[watched_tool(...)]` as the author wrote them.
//!
//! Every argument stands between two commas, so a mistake in one never hides a mistake in the
//! next. What an argument means together with the others is decided in [`crate::rules`].

mod argument;
mod chunks;
mod intent;
mod rule;
mod tag;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, TokenStream};
use syn::{LitStr, Path};

pub(crate) use self::intent::Intent;
pub(crate) use self::rule::Rule;
pub(crate) use self::tag::Tag;

use self::argument::Argument;
use self::chunks::between_commas;
use crate::diagnostics::{Diagnostics, instead_of};

const ARGUMENTS: [&str; 7] = ["skip", "args", "deny_unlisted", "intent", "name", "tags", "crate"];

/// The arguments of one attribute.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) skip: Option<Ident>,
    pub(crate) args: Option<Ident>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) deny_unlisted: Option<Ident>,
    pub(crate) intent: Intent,
    pub(crate) name: Option<LitStr>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) krate: Option<Path>,
    /// Every key that was given, in order.
    pub(crate) keys: Vec<Ident>,
}

/// Reads all arguments and reports every one that cannot be read.
pub(crate) fn read(tokens: TokenStream, errors: &Diagnostics) -> Arguments {
    let mut arguments = Arguments::default();
    for chunk in between_commas(tokens) {
        let Some(argument) = Argument::read(chunk, errors) else {
            continue;
        };
        if arguments.keys.contains(&argument.key) {
            let key = &argument.key;
            errors.error(key.span(), format!("`{key}` is given twice; keep one of them"));
            continue;
        }
        arguments.keys.push(argument.key.clone());
        arguments.take(argument, errors);
    }
    arguments
}

impl Arguments {
    fn take(&mut self, argument: Argument, errors: &Diagnostics) {
        let key = argument.key.clone();
        match key.to_string().as_str() {
            "skip" => self.skip = argument.alone(errors),
            "deny_unlisted" => self.deny_unlisted = argument.alone(errors),
            "args" => {
                self.args = Some(key);
                self.rules = argument.rules(errors);
            }
            "intent" => self.intent = argument.intent(errors),
            "name" => self.name = argument.equals("name = \"search\"", errors),
            "tags" => self.tags = argument.tags(errors),
            "crate" => self.krate = argument.path(errors),
            unknown => {
                self.keys.pop();
                let instead = instead_of(unknown, &ARGUMENTS);
                errors.error(key.span(), format!("unknown argument `{unknown}`; {instead}"));
            }
        }
    }
}
