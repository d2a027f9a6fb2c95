//! What an author adds of their own: notes on the call that runs, and events of their own.
//!
//! [`CurrentCall`] is the handle of the call that runs, [`CustomEvent`] builds one event. Neither
//! takes a text that was made at run time: keys, names and values are `&'static str`, or were
//! released by [`Reveal`](crate::Reveal). [`ServerLogger`] sends messages to the client, which are
//! part of no event.

mod current;
mod event;
mod logger;
mod session;

use crate::capture::losses::{self, Loss};
use crate::shape::Exposed;
use crate::watch::Active;

pub use current::CurrentCall;
pub use event::CustomEvent;
pub use logger::{LogLevel, ServerLogger};
pub use session::Session;

/// Puts what the author's code releases where it belongs. What is not recorded is counted.
fn add(
    watch: &Active,
    loss: Loss,
    key: &str,
    reveal: impl FnOnce() -> Option<Exposed>,
    put: impl FnOnce(Exposed) -> Result<(), &'static str>,
) {
    if !watch.is_key(loss, key) {
        return;
    }
    let Some(value) = losses::guarded(Loss::Reveal, reveal).flatten() else { return };
    if let Err(why) = put(value) {
        watch.leave_out(loss, key, why);
    }
}

#[cfg(test)]
mod tests;
