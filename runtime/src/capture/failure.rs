//! What can be told of an error without its text.
//!
//! An error's text quotes values, so it is never copied. It is reduced while it is being written:
//! to the name of the variant, or to its words with every value replaced, and from there to a
//! digest. The digest leaves only as a keyed hash, which is equal for the same fault with other
//! values.

use std::error::Error;
use std::fmt::{Debug, Display};

use sha2::{Digest, Sha256};

#[cfg(any(test, fuzzing))]
pub(crate) use normal::Words;

use super::hash::Hasher;
use super::losses::{self, Loss};
use crate::event::{ErrorKind, Side};

mod normal;
mod variant;

#[cfg(test)]
mod tests;

/// How many errors of a chain are looked at. A chain can be a cycle.
const MAX_CHAIN: u32 = 10;

/// What is known of an error: its type, its chain and a digest of what it is.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The Rust type of the error.
    pub(crate) type_name: &'static str,
    /// Errors in the chain of sources, the error itself included; at most 10.
    pub(crate) chain_len: u32,
    /// Local to the process until it is hashed with the install's key.
    material: [u8; 32],
    /// Whose fault the error's type says that it is.
    pub(crate) side: Option<Side>,
}

impl Fault {
    /// Describes an error by the variants of its chain.
    pub(crate) fn of_error(error: &dyn Error, type_name: &'static str) -> Self {
        Self::guarded(type_name, |digest| {
            let mut link = Some(error);
            let mut chain_len = 0;
            while let (Some(error), true) = (link, chain_len < MAX_CHAIN) {
                absorb(digest, &error, &error);
                chain_len += 1;
                link = error.source();
            }
            chain_len
        })
    }

    /// Describes a text by its words.
    pub(crate) fn of_display(text: &dyn Display, type_name: &'static str) -> Self {
        Self::guarded(type_name, |digest| {
            normal::absorb(digest, text);
            1
        })
    }

    /// Describes an error by its type alone.
    pub(crate) fn of_type(type_name: &'static str) -> Self {
        Self::guarded(type_name, |_| 1)
    }

    /// Adds whose fault the error says that it is.
    #[must_use]
    pub fn on_side(self, side: Option<Side>) -> Self {
        Self { side, ..self }
    }

    /// Formatting is the author's code: when it panics, the type is what is left.
    fn guarded(type_name: &'static str, describe: impl Fn(&mut Sha256) -> u32) -> Self {
        let typed = || Sha256::new_with_prefix(type_name.as_bytes());
        let describe = || {
            let mut digest = typed();
            let chain_len = describe(&mut digest);
            (digest, chain_len)
        };
        let described = losses::guarded(Loss::ErrorFormat, describe);
        let (digest, chain_len) = described.unwrap_or_else(|| (typed(), 1));
        Self { type_name, chain_len, material: digest.finalize().into(), side: None }
    }
}

/// Absorbs one error: the variant that its `Debug` names, or else the words of its `Display`.
fn absorb(digest: &mut Sha256, debug: &dyn Debug, display: &dyn Display) {
    digest.update([0]);
    if !variant::absorb(digest, debug) {
        normal::absorb(digest, display);
    }
}

/// The keyed hash of a failure. Hashes of different installs and tools cannot be compared.
pub(crate) fn fingerprint(
    kind: ErrorKind,
    code: Option<i32>,
    fault: Option<&Fault>,
    hasher: &Hasher,
) -> u64 {
    let code = code.map_or([0; 5], |code| {
        let [a, b, c, d] = code.to_be_bytes();
        [1, a, b, c, d]
    });
    let material = fault.map_or([0; 32], |fault| fault.material);
    let mut what = [0; 37];
    what[..5].copy_from_slice(&code);
    what[5..].copy_from_slice(&material);
    hasher.bytes(kind.as_str(), &what)
}
