//! What travels with a request: its span while nobody has taken it, and what the author adds.
//!
//! The wrapper puts a ticket into a request's extensions. Whoever is nearest to the author's code
//! takes the span out of it and finishes it; what is left over is finished by the wrapper. So there
//! is one event, whichever of the two attachments see the call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::CallSpan;
use crate::event::{Caller, Event, Identity, MAX_TAGS, Side, Tag, Trace};
use crate::watch::Active;

/// A request's ticket.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Inner>);

struct Inner {
    watch: Active,
    trace: Trace,
    caller: Caller,
    /// Where what the arguments were captured by is kept: it tells entries apart.
    captured_by: AtomicUsize,
    has_failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    span: Option<CallSpan>,
    notes: Notes,
}

/// What the author's code and hooks say about a request while it runs.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) tags: Vec<Tag>,
    pub(crate) side: Option<Side>,
    pub(crate) identity: Option<Identity>,
    /// The hash of the identity, whatever of it is recorded.
    pub(crate) principal: Option<u64>,
}

impl Ticket {
    /// A ticket for a request that this watch records.
    pub(crate) fn new(watch: Active, trace: Trace, caller: Caller) -> Self {
        Self(Arc::new(Inner {
            watch,
            trace,
            caller,
            captured_by: AtomicUsize::new(0),
            has_failed: AtomicBool::new(false),
            state: Mutex::default(),
        }))
    }

    /// A ticket for a request that must not be recorded: there is no span to take.
    pub(crate) fn silent(watch: &Active) -> Self {
        Self::new(watch.clone(), Trace::fresh(), Caller::default())
    }

    pub(crate) fn watch(&self) -> &Active {
        &self.0.watch
    }

    /// Says what the arguments were captured by.
    pub(crate) fn set_captured_by<E>(&self, entry: &E) {
        self.0.captured_by.store(std::ptr::from_ref(entry).addr(), Ordering::Relaxed);
    }

    /// Whether the arguments were captured by this.
    pub(crate) fn is_captured_by<E>(&self, entry: &E) -> bool {
        self.0.captured_by.load(Ordering::Relaxed) == std::ptr::from_ref(entry).addr()
    }

    pub(crate) fn trace(&self) -> Trace {
        self.0.trace
    }

    /// Whether the request was recorded, by whomever, and has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.has_failed.load(Ordering::Relaxed)
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// Leaves the span for whoever is nearer to the author's code.
    pub(crate) fn put_span(&self, mut span: CallSpan) {
        span.ticket = None;
        self.lock().span = Some(span);
    }

    /// Takes the span, once. It carries the ticket from here on.
    pub(crate) fn take_span(&self) -> Option<CallSpan> {
        let mut span = self.lock().span.take()?;
        span.ticket = Some(self.clone());
        Some(span)
    }

    /// Adds to what is said about the request.
    pub(crate) fn note(&self, add: impl FnOnce(&mut Notes)) {
        add(&mut self.lock().notes);
    }

    /// Moves what was said into the event.
    pub(super) fn tell(&self, event: &mut Event) {
        self.0.has_failed.store(event.outcome.is_error(), Ordering::Relaxed);
        let notes = std::mem::take(&mut self.lock().notes);
        let room = MAX_TAGS.saturating_sub(event.tags.len() + event.more_tags.len());
        event.more_tags.extend(notes.tags.into_iter().take(room));
        if notes.identity.is_some() {
            event.caller.identity = notes.identity;
        }
        if let (None, Some(principal)) = (event.caller.session, notes.principal) {
            let took = Duration::from_nanos(event.duration_ns);
            let session = self.0.watch.session_of_caller(principal, &event.caller, took);
            event.caller.session = Some(session);
        }
        if let (Some(failure), Some(side)) = (event.failure.as_mut(), notes.side) {
            failure.side = Some(side);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
