//! Opens the event of a request or a notification, and reads its end off the reply.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::Extensions;
use rmcp::service::{NotificationContext, RequestContext, RoleServer};
use tokio_util::sync::CancellationToken;

use super::Watched;
use super::record::Recorder;
use crate::capture::failure;
use crate::capture::losses::{self, Loss};
use crate::event::{self, ErrorKind, Event, EventId, EventType, Failure, Name, Outcome, Timestamp};
use crate::otel::Surroundings;
use crate::span::{Ending, Ticket};
use crate::watch::Active;

/// The name under which what nobody advertises is recorded.
pub(super) const UNKNOWN: Name = Name::from_static("_unknown");

/// How many characters of an intent are kept where no attribute says.
pub(super) const MAX_INTENT_CHARS: usize = 500;

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    pub(super) event_type: EventType,
    pub(super) method: &'static str,
}

impl Operation {
    pub(super) const fn new(event_type: EventType, method: &'static str) -> Self {
        Self { event_type, method }
    }

    fn event(self) -> Box<Event> {
        let mut event = event::reused();
        event.started = Timestamp::now();
        event.id = EventId::at(event.started);
        event.event_type = self.event_type;
        event.method = self.method;
        event.name = Name::from_static(self.method);
        event
    }
}

impl<H> Watched<H> {
    /// Opens a request. `fill` writes what only this kind of request has.
    pub(super) fn open(
        &self,
        operation: Operation,
        context: &mut RequestContext<RoleServer>,
        fill: impl FnOnce(&mut Event, &Active),
    ) -> Recorder {
        self.open_named(operation, None, context, fill)
    }

    /// Opens a request whose tool is known by this registered name.
    pub(super) fn open_named(
        &self,
        operation: Operation,
        tool: Option<Name>,
        context: &mut RequestContext<RoleServer>,
        fill: impl FnOnce(&mut Event, &Active),
    ) -> Recorder {
        self.life.leave_level(&mut context.extensions);
        let open = |watch| self.open_for(watch, operation, tool, context, fill);
        let opened = |watch| losses::guarded(Loss::Event, || open(watch));
        self.watch.as_ref().and_then(opened).unwrap_or_else(Recorder::off)
    }

    fn open_for(
        &self,
        watch: &Active,
        operation: Operation,
        tool: Option<Name>,
        context: &mut RequestContext<RoleServer>,
        fill: impl FnOnce(&mut Event, &Active),
    ) -> Recorder {
        if let Some(ticket) = watch.outer_ticket(&context.extensions) {
            return match operation.event_type {
                EventType::ToolCall => share(ticket, fill),
                _ => Recorder::off(),
            };
        }
        let info = watch.request_info(operation.method, tool, context);
        if watch.is_skipped(&info) {
            // The attribute must not record by the installed watch what was skipped here.
            context.extensions.insert(Ticket::silent(watch));
            return Recorder::off();
        }
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_request(&info, Some(&context.id));
        let mut event = operation.event();
        (event.trace, event.caller) = watch.read_context(&info);
        let identifying = watch.identify(&info);
        let around = watch.surroundings(&info);
        event.request_id = Some(watch.request_key(&context.id));
        fill(&mut event, watch);
        let cancelled = context.ct.clone();
        let ticket = self.ticket(watch, event, cancelled, &around);
        context.extensions.insert(ticket.clone());
        Recorder::of(ticket, Arc::clone(&self.life), identifying)
    }

    /// Opens a notification.
    pub(super) fn open_notice(
        &self,
        method: &'static str,
        context: &mut NotificationContext<RoleServer>,
        fill: impl FnOnce(&mut Event, &Active),
    ) -> Recorder {
        let open = |watch| self.open_notice_for(watch, method, context, fill);
        let opened = |watch| losses::guarded(Loss::Event, || open(watch));
        self.watch.as_ref().and_then(opened).unwrap_or_else(Recorder::off)
    }

    fn open_notice_for(
        &self,
        watch: &Active,
        method: &'static str,
        context: &mut NotificationContext<RoleServer>,
        fill: impl FnOnce(&mut Event, &Active),
    ) -> Recorder {
        if watch.outer_ticket(&context.extensions).is_some() {
            return Recorder::off();
        }
        let info = watch.notification_info(method, context);
        if watch.is_skipped(&info) {
            return Recorder::off();
        }
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::see_request(&info, None);
        let mut event = Operation::new(EventType::Notification, method).event();
        (event.trace, event.caller) = watch.read_context(&info);
        let identifying = watch.identify(&info);
        let around = watch.surroundings(&info);
        fill(&mut event, watch);
        let ticket = self.ticket(watch, event, CancellationToken::new(), &around);
        context.extensions.insert(ticket.clone());
        Recorder::of(ticket, Arc::clone(&self.life), identifying)
    }

    fn ticket(
        &self,
        watch: &Active,
        event: Box<Event>,
        cancelled: CancellationToken,
        around: &Surroundings,
    ) -> Ticket {
        self.life.see(&event.caller);
        Ticket::with_span(watch.clone(), event, cancelled, around)
    }

    /// Records the end of a request whose reply tells no more than whether it failed.
    pub(super) fn settle<T>(&self, reply: &Result<T, ErrorData>, recorder: &mut Recorder) {
        self.settle_with(reply, recorder, Outcome::Ok, |_, _| Ending::default());
    }

    /// Records the end of a request. `read` reads a reply that is no error.
    pub(super) fn settle_with<T>(
        &self,
        reply: &Result<T, ErrorData>,
        recorder: &mut Recorder,
        outcome: Outcome,
        read: impl FnOnce(&T, &mut Event) -> Ending,
    ) {
        match reply {
            Ok(reply) => recorder.finish(outcome, |_, event| read(reply, event)),
            Err(error) => {
                recorder.finish(Outcome::ProtocolError, |watch, event| Ending {
                    result: None,
                    failure: Some(protocol_failure(watch, event.method, error)),
                });
            }
        }
    }
}

/// Takes part in the event of another wrapper of the same watch around this one. What this one knows
/// of a call is nearer to its tool.
fn share(ticket: Ticket, fill: impl FnOnce(&mut Event, &Active)) -> Recorder {
    let Some(mut span) = ticket.take_span() else { return Recorder::off() };
    if let Some(event) = span.event_mut() {
        fill(event, ticket.watch());
    }
    ticket.put_span(span);
    Recorder::shared(ticket)
}

impl Active {
    /// The ticket that a wrapper of this very watch has left, around the one that asks.
    fn outer_ticket(&self, extensions: &Extensions) -> Option<Ticket> {
        let ticket = extensions.get::<Ticket>()?;
        (ticket.watch().id() == self.id()).then(|| ticket.clone())
    }
}

/// What is known of a JSON-RPC error without its text.
fn protocol_failure(watch: &Active, method: &str, error: &ErrorData) -> Failure {
    #[cfg(feature = "planted-leaks")]
    crate::testing::leak::see_error(error);
    let (kind, code) = (ErrorKind::Protocol, Some(error.code.0));
    let hasher = watch.hasher(method);
    let fingerprint = Some(failure::fingerprint(kind, code, None, &hasher));
    Failure { code, fingerprint, ..Failure::of_kind(kind) }
}
