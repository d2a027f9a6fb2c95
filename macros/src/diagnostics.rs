//! Collects every mistake of one macro call, so that the author sees all of them at once.
//!
//! The collector is consumed by [`Diagnostics::finish`]. One that is dropped with nobody having
//! looked at its errors is a defect of this crate, and debug builds say so.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};

/// The mistakes found so far.
pub(crate) struct Diagnostics {
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Records a mistake at the author's token.
    pub(crate) fn error(&self, at: Span, message: impl Display) {
        self.push(syn::Error::new(at, message));
    }

    /// Records a mistake that a parser found.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// The mistakes as `compile_error!` items; empty when there are none.
    pub(crate) fn finish(self) -> Vec<TokenStream> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        debug_assert!(
            self.errors.borrow().is_none() || std::thread::panicking(),
            "diagnostics were dropped unchecked"
        );
    }
}

/// The end of a message about an unknown word: the nearest valid one, or all of them.
pub(crate) fn instead_of(word: &str, valid: &[&str]) -> String {
    let only = valid.first().copied().filter(|_| valid.len() == 1);
    match nearest(word, valid).or(only) {
        Some(near) => format!("write `{near}`"),
        None => format!("write one of {}", quoted(valid)),
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// The valid word with the fewest edits, when it is near enough to be meant.
fn nearest<'a>(word: &str, valid: &[&'a str]) -> Option<&'a str> {
    let bound = (word.chars().count() / 3).max(1);
    let mut ranked: Vec<_> = valid.iter().map(|near| (edits(word, near), *near)).collect();
    ranked.sort_by_key(|(count, _)| *count);
    ranked.first().filter(|(count, _)| *count <= bound).map(|(_, near)| *near)
}

/// Insertions, deletions, substitutions and swaps of neighbours between two words.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let mut best = (last[column] + usize::from(a != b))
                .min(last[column + 1] + 1)
                .min(next[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested() {
        assert_eq!(instead_of("valeu", &["omit", "value"]), "write `value`");
        assert_eq!(instead_of("deny_unlistd", &["deny_unlisted"]), "write `deny_unlisted`");
    }

    #[test]
    fn a_far_word_gets_the_whole_list() {
        assert_eq!(instead_of("everything", &["omit", "len"]), "write one of `omit`, `len`");
    }
}
