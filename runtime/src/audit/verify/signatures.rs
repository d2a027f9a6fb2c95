//! Checks the signatures of checkpoints, each by itself and so on several threads.

use std::thread::{Builder, scope};

use super::pool::threads;
use crate::audit::checkpoint::{Note, PublicKey};

/// Signatures for which a thread is worth its start.
const MIN_SHARE: usize = 64;

/// Looks at the signature of each note.
pub(super) fn check(mut notes: Vec<&mut Note>, signer: Option<&PublicKey>) {
    let share = match signer {
        Some(_) => notes.len().div_ceil(threads()).max(MIN_SHARE),
        None => notes.len(),
    };
    let first = share.min(notes.len());
    let (own, others) = notes.split_at_mut(first);
    scope(|scope| {
        let mut started = Vec::new();
        for part in others.chunks_mut(share.max(1)) {
            let run = move || part.iter_mut().for_each(|note| note.check_signature(signer));
            let thread = Builder::new().name("toolwatch-verify".to_owned());
            started.extend(thread.spawn_scoped(scope, run).ok());
        }
        own.iter_mut().for_each(|note| note.check_signature(signer));
        started.into_iter().for_each(|thread| drop(thread.join()));
    });
    // What no thread was to be had for; the others are done.
    notes.iter_mut().for_each(|note| note.check_signature(signer));
}
