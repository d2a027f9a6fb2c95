//! Who the author says that the caller is, found out beside the call and never in its way.
//!
//! The hook's future is polled by the task of the call: once before the handler, and then whenever
//! the task is polled anyway. Nothing waits for it. When the handler has ended, or the time is up,
//! the identity is given up and counted.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::capture::context::RequestInfo;
use crate::capture::losses::{self, Loss};
use crate::event::{Identity, Label};
use crate::span::Ticket;

/// How much of a caller's identity is recorded.
///
/// ```
/// use toolwatch::IdentityLevel;
/// assert_eq!(IdentityLevel::default(), IdentityLevel::Hash);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityLevel {
    /// A hash under the install's key: callers can be told apart and counted, and not named.
    #[default]
    Hash,
    /// The id itself, cleaned and bounded as a [`Label`] is. For ids that say nothing about a
    /// person, such as the number of a tenant.
    Label,
}

/// What a hook answers: an id, no id, or that it failed.
pub(super) type Answer = Result<Option<String>, ()>;

/// A hook's answer that is on its way.
pub(super) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The author's hook.
pub(super) type IdentifyHook = dyn Fn(&RequestInfo<'_>) -> Answering + Send + Sync;

/// The identity of one request, on its way.
pub(crate) struct Identifying {
    /// Until the answer is there or given up.
    answering: Option<Answering>,
    started: Instant,
    timeout: Duration,
    has_been_polled: bool,
}

impl Identifying {
    /// Asks the hook. `None` when it panics.
    pub(super) fn ask(
        hook: &IdentifyHook,
        request: &RequestInfo<'_>,
        timeout: Duration,
    ) -> Option<Self> {
        let answering = losses::guarded(Loss::Identity, || hook(request))?;
        let started = Instant::now();
        Some(Self { answering: Some(answering), started, timeout, has_been_polled: false })
    }

    /// Looks whether the answer is there, and notes it. Costs next to nothing once it is.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, ticket: &Ticket) {
        if self.answering.is_some() {
            self.poll_at(Instant::now(), context, ticket);
        }
    }

    fn poll_at(&mut self, now: Instant, context: &mut Context<'_>, ticket: &Ticket) {
        let Some(answering) = self.answering.as_mut() else { return };
        let is_late = now.saturating_duration_since(self.started) >= self.timeout;
        // A task that started late has still asked once.
        if is_late && self.has_been_polled {
            return self.give_up();
        }
        self.has_been_polled = true;
        match losses::guarded(Loss::Identity, || answering.as_mut().poll(context)) {
            Some(Poll::Pending) => {}
            Some(Poll::Ready(Ok(id))) => {
                self.drop_answering();
                if let Some(id) = id.filter(|id| !id.is_empty()) {
                    note(&id, ticket);
                }
            }
            Some(Poll::Ready(Err(()))) => self.give_up(),
            // The panic is counted already.
            None => self.drop_answering(),
        }
    }

    fn give_up(&mut self) {
        losses::count(Loss::Identity);
        self.drop_answering();
    }

    /// What the author's future does when it is dropped must not meet the call either.
    fn drop_answering(&mut self) {
        let answering = self.answering.take();
        losses::guarded(Loss::Identity, || drop(answering));
    }
}

/// The handler has ended: so has the time for an answer.
impl Drop for Identifying {
    fn drop(&mut self) {
        if self.answering.is_some() {
            self.give_up();
        }
    }
}

fn note(id: &str, ticket: &Ticket) {
    #[cfg(feature = "planted-leaks")]
    crate::testing::leak::see(crate::testing::leak::Leak::Identity, id);
    let watch = ticket.watch();
    let principal = watch.hash_of_identity(id);
    let identity = match watch.identity_level() {
        IdentityLevel::Hash => Identity::Hash(principal),
        IdentityLevel::Label => Identity::Label(Label::clean(id)),
    };
    ticket.note(|notes| {
        notes.identity = Some(identity);
        notes.principal = Some(principal);
    });
}

#[cfg(test)]
mod tests;
