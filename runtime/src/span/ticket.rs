//! What travels with a request: its span while nobody has taken it, and what the author adds.
//!
//! The wrapper puts a ticket into a request's extensions. Whoever is nearest to the author's code
//! takes the span out of it and finishes it; what is left over is finished by the wrapper. So there
//! is one event, whichever of the two attachments see the call.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::CallSpan;
use crate::event::{Caller, Event, Identity, Side, Tag, Timestamp, Trace};
use crate::otel::{Scope, Surroundings};
use crate::watch::Active;

/// A request's ticket.
#[derive(Clone)]
pub(crate) struct Ticket(Arc<Inner>);

struct Inner {
    watch: Active,
    is_silent: bool,
    started: Timestamp,
    trace: Trace,
    caller: Caller,
    /// The context that the author's code runs in.
    scope: Scope,
    /// Where what the arguments were captured by is kept: it tells entries apart.
    captured_by: AtomicUsize,
    has_failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    span: Option<CallSpan>,
    notes: Notes,
    /// Whether the event was written, so that nothing can be added to it any more.
    is_told: bool,
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
    pub(crate) fn new(
        watch: Active,
        started: Timestamp,
        known: (Trace, Caller),
        scope: Scope,
    ) -> Self {
        Self::make(watch, false, started, known, (None, scope))
    }

    /// A ticket with the span of its request, for whoever is nearer to the author's code.
    pub(crate) fn with_span(
        watch: Active,
        event: Box<Event>,
        cancelled: CancellationToken,
        around: &Surroundings,
    ) -> Self {
        let (started, trace, caller) = (event.started, event.trace, event.caller.clone());
        let span = CallSpan::open(watch.clone(), event, cancelled, around);
        // The span may have got other ids.
        let known = (span.trace().unwrap_or(trace), caller);
        let scope = span.scope();
        Self::make(watch, false, started, known, (Some(span), scope))
    }

    fn make(
        watch: Active,
        is_silent: bool,
        started: Timestamp,
        (trace, caller): (Trace, Caller),
        (span, scope): (Option<CallSpan>, Scope),
    ) -> Self {
        Self(Arc::new(Inner {
            watch,
            is_silent,
            started,
            trace,
            caller,
            scope,
            captured_by: AtomicUsize::new(0),
            has_failed: AtomicBool::new(false),
            state: Mutex::new(State { span, ..State::default() }),
        }))
    }

    /// A ticket for a request that must not be recorded: there is no span to take.
    pub(crate) fn silent(watch: &Active) -> Self {
        let nobody = (Trace::fresh(), Caller::default());
        Self::make(watch.clone(), true, Timestamp::now(), nobody, (None, Scope::none()))
    }

    /// Whether the request must not run.
    pub(crate) fn is_refused(&self) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.span.as_ref().is_some_and(CallSpan::is_refused)
    }

    /// Whether the request must not be recorded.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.is_silent
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

    /// The context that the author's code runs in.
    pub(crate) fn scope(&self) -> &Scope {
        &self.0.scope
    }

    pub(crate) fn trace(&self) -> Trace {
        self.0.trace
    }

    /// Whether the request was recorded, by whomever, and has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.has_failed.load(Ordering::Relaxed)
    }

    /// Who calls, as far as the request tells.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// Who calls, as far as is known by now.
    pub(crate) fn caller_now(&self) -> Caller {
        let mut caller = self.0.caller.clone();
        let principal = {
            let state = self.lock();
            caller.identity.clone_from(&state.notes.identity);
            state.notes.principal
        };
        let took = Timestamp::now().0.saturating_sub(self.0.started.0);
        self.find_session(&mut caller, principal, took);
        caller
    }

    /// The session of a caller that is known by its identity alone.
    fn find_session(&self, caller: &mut Caller, principal: Option<u64>, took_ns: u64) {
        if let (None, Some(principal)) = (caller.session, principal) {
            let took = Duration::from_nanos(took_ns);
            caller.session = Some(self.0.watch.session_of_caller(principal, caller, took));
        }
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

    /// Adds a tag. An error when the event is written already, or has no room.
    pub(crate) fn add_tag(&self, tag: Tag) -> Result<(), &'static str> {
        let mut state = self.lock();
        if state.is_told {
            return Err("its call has ended");
        }
        tag.put_into(&mut state.notes.tags)
    }

    /// Moves what was said into the event. Who calls is still known afterwards.
    pub(super) fn tell(&self, event: &mut Event) {
        self.0.has_failed.store(event.outcome.is_error(), Ordering::Relaxed);
        let (side, principal) = {
            let mut state = self.lock();
            state.is_told = true;
            event.more_tags = std::mem::take(&mut state.notes.tags);
            if state.notes.identity.is_some() {
                event.caller.identity.clone_from(&state.notes.identity);
            }
            (state.notes.side, state.notes.principal)
        };
        self.find_session(&mut event.caller, principal, event.duration_ns);
        if let (Some(failure), Some(side)) = (event.failure.as_mut(), side) {
            failure.side = Some(side);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
