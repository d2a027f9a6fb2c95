//! The life of one connection, where there is one: its start, what it counts, its end.
//!
//! rmcp makes one handler for each connection: a stdio server has one, streamable HTTP one for each
//! legacy session. A handler that serves a single stateless request has no life of its own, and
//! nothing is kept for it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rmcp::model::Extensions;

use crate::capture::context::ClientLevel;
use crate::capture::losses::{self, Loss};
use crate::event::{
    self, Caller, Detail, Event, EventId, EventType, Name, Outcome, SessionEnd, SessionSource,
    Timestamp, Trace, Transport,
};
use crate::watch::Active;

/// One connection. Dropping it tells that the session is over.
pub(super) struct Life {
    watch: Option<Active>,
    /// Whether an `initialize` went through this very handler.
    is_initialized: AtomicBool,
    started: OnceLock<Started>,
    requests: AtomicU64,
    errors: AtomicU64,
    /// The level of log messages that the client has asked for.
    level: AtomicU8,
}

/// The level of a client that has asked for none.
const NO_LEVEL: u8 = u8::MAX;

struct Started {
    at: Instant,
    moment: Timestamp,
    trace: Trace,
    /// As the last request told it: the first ones may come before the client has a session id.
    caller: Mutex<Caller>,
    /// Whether its session is known, after which no request takes the lock.
    has_session: AtomicBool,
}

impl Life {
    pub(super) fn new(watch: Option<Active>) -> Self {
        Self {
            watch,
            is_initialized: AtomicBool::new(false),
            started: OnceLock::new(),
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            level: AtomicU8::new(NO_LEVEL),
        }
    }

    /// The client has asked for log messages from this level on.
    pub(super) fn set_level(&self, level: u8) {
        self.level.store(level, Ordering::Relaxed);
    }

    /// Leaves that level for a logger. Most clients never ask for one.
    pub(super) fn leave_level(&self, extensions: &mut Extensions) {
        let level = self.level.load(Ordering::Relaxed);
        if level != NO_LEVEL {
            extensions.insert(ClientLevel(level));
        }
    }

    /// A handshake came through. What follows on this handler is one session.
    pub(super) fn set_initialized(&self, caller: &Caller) {
        self.is_initialized.store(true, Ordering::Relaxed);
        self.start(caller);
    }

    /// Notes a request, and tells the start of a session once.
    pub(super) fn see(&self, caller: &Caller) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.start(caller);
    }

    /// Tells the start of a session, once it is known that this handler serves one.
    fn start(&self, caller: &Caller) {
        let Some(watch) = &self.watch else { return };
        if let Some(started) = self.started.get() {
            if started.has_session.load(Ordering::Relaxed) || caller.session.is_none() {
                return;
            }
            let mut known = started.caller.lock().unwrap_or_else(PoisonError::into_inner);
            if known.session.is_none() {
                known.clone_from(caller);
            }
            started.has_session.store(true, Ordering::Relaxed);
            return;
        }
        if !self.is_connection(caller) {
            return;
        }
        let started = Started {
            at: Instant::now(),
            moment: Timestamp::now(),
            trace: Trace::fresh(),
            caller: Mutex::new(caller.clone()),
            has_session: AtomicBool::new(caller.session.is_some()),
        };
        if self.started.set(started).is_ok()
            && let Some(started) = self.started.get()
        {
            tell(watch, EventType::SessionStart, started, caller.clone(), |_| {});
        }
    }

    pub(super) fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether this request belongs to a connection that has this handler for itself.
    fn is_connection(&self, caller: &Caller) -> bool {
        let source = caller.session.map(|session| session.source);
        let is_told = matches!(source, Some(SessionSource::HttpHeader | SessionSource::Resolver));
        let may_be = caller.transport != Transport::StreamableHttp || is_told;
        source == Some(SessionSource::Process)
            || (may_be && self.is_initialized.load(Ordering::Relaxed))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let (Some(watch), Some(mut started)) = (&self.watch, self.started.take()) else { return };
        let caller = started.caller.get_mut().unwrap_or_else(PoisonError::into_inner).clone();
        let end = SessionEnd {
            requests: self.requests.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
        };
        tell(watch, EventType::Close, &started, caller, |event| {
            event.duration_ns = u64::try_from(started.at.elapsed().as_nanos()).unwrap_or(u64::MAX);
            event.detail = Some(Box::new(Detail::Session(end)));
        });
    }
}

/// Records an event about the session itself. It begins when the session began.
fn tell(
    watch: &Active,
    event_type: EventType,
    started: &Started,
    caller: Caller,
    fill: impl FnOnce(&mut Event),
) {
    let mut event = event::reused();
    event.id = EventId::fresh();
    event.started = started.moment;
    event.event_type = event_type;
    event.name = Name::from_static(event_type.as_str());
    event.method = event_type.as_str();
    event.trace = started.trace;
    event.caller = caller;
    event.outcome = Outcome::Ok;
    fill(&mut event);
    losses::guarded(Loss::Event, || watch.record(event));
}
