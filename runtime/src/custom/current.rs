//! The call that runs, for the author's code in it.

use std::fmt;

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::Extensions;
use rmcp::service::{NotificationContext, RequestContext, RoleServer};

use super::{CustomEvent, Session, add};
use crate::capture::losses::Loss;
use crate::event::{Side, Tag, hex_text};
use crate::shape::{Exposed, Reveal};
use crate::span::{self, Ticket};

/// The call that runs: its trace and session, and what its author adds to its event.
///
/// It is an extractor for the tools and prompts of rmcp, and never fails. Where nothing is recorded,
/// because the watch is off, the call is skipped, or the tool has neither the attribute nor a wrapper
/// around its server, it does nothing.
///
/// It may be kept beyond the call, and cloned. What is noted after the end of the call is left out;
/// events of the author's own still belong to the call.
///
/// ```
/// # #[cfg(feature = "macros")] mod tools {
/// use rmcp::{tool, tool_router};
/// use toolwatch::{CurrentCall, watched_tool};
///
/// struct Shop;
///
/// #[tool_router(server_handler)]
/// impl Shop {
///     /// Pay for what is in the basket.
///     #[watched_tool]
///     #[tool]
///     async fn pay(&self, current: CurrentCall) -> Result<String, String> {
///         current.tag("plan", "pro");
///         current.event("checkout_done").count("items", 3_usize).record();
///         current.blame_caller();
///         Err("the basket is empty".to_owned())
///     }
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct CurrentCall(Option<Ticket>);

// The compiler lists the types of several crates in an order that changes with the place of the sources.
#[diagnostic::do_not_recommend]
impl<C: AsRequestContext> FromContextPart<C> for CurrentCall {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Ok(Self::of(context.as_request_context()))
    }
}

impl CurrentCall {
    /// The call of a request, for handlers written by hand.
    ///
    /// A request in an extractor of the author's own, and one that a tool took as its parameter, know
    /// their call. One that a tool keeps from elsewhere does so on a wrapped server only.
    #[must_use]
    pub fn of(context: &RequestContext<RoleServer>) -> Self {
        Self::find(&context.extensions, span::lent_ticket)
    }

    /// The notification that is handled, on a wrapped server.
    #[must_use]
    pub fn of_notification(context: &NotificationContext<RoleServer>) -> Self {
        Self::find(&context.extensions, || None)
    }

    fn find(extensions: &Extensions, or_else: impl FnOnce() -> Option<Ticket>) -> Self {
        let ticket = extensions.get::<Ticket>().cloned().or_else(or_else);
        Self(ticket.filter(|ticket| !ticket.is_silent()))
    }

    /// Whether there will be an event of this call, sampling apart: that is decided at its end.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.0.is_some()
    }

    /// The W3C trace id of the call, as 32 hexadecimal digits; `None` when it is not recorded.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        self.0.as_ref().map(|ticket| hex_text(&ticket.trace().trace_id))
    }

    /// The W3C span id of the call, as 16 hexadecimal digits: the parent of whatever the call begins.
    /// `None` when it is not recorded.
    #[must_use]
    pub fn span_id(&self) -> Option<String> {
        self.0.as_ref().map(|ticket| hex_text(&ticket.trace().span_id))
    }

    /// The session, as far as it is known by now; `None` when it is not, or nothing is recorded.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.0.as_ref()?.caller_now().session.map(Session)
    }

    /// Puts a tag on the event of the call. The same key again replaces the value, and so it does
    /// one of the attribute's or the watch's.
    ///
    /// A key has 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`, a value 1 to 200 characters,
    /// and no control or formatting characters; an event has at most 50 tags. A tag that is not
    /// valid, is one too many, or comes after the end of the call is left out and counted in
    /// [`Stats::capture_faults`](crate::Stats::capture_faults), and the operator is told of the first
    /// one.
    pub fn tag(&self, key: &'static str, value: &'static str) {
        self.put(key, || Some(Exposed::name(value)));
    }

    /// Puts a tag on the event of the call whose value the type of `value` releases, as
    /// [`tag`](Self::tag) does. A type that releases `None` sets no tag.
    pub fn tag_revealed<T: Reveal + ?Sized>(&self, key: &'static str, value: &T) {
        self.put(key, || value.reveal());
    }

    fn put(&self, key: &'static str, reveal: impl FnOnce() -> Option<Exposed>) {
        if let Some(ticket) = &self.0 {
            let put = |value| ticket.add_tag(Tag::new(key, value)?);
            add(ticket.watch(), Loss::Tag, key, reveal, put);
        }
    }

    /// Marks an error of this call as its caller's fault: the model or its client asked for what
    /// cannot be. `attributes.error.fault` then says `caller`. A call that does not fail says
    /// nothing.
    pub fn blame_caller(&self) {
        if let Some(ticket) = &self.0 {
            ticket.note(|notes| notes.side = Some(Side::Caller));
        }
    }

    /// Starts an event of the author's own, as a part of this call: of its trace, with its span as
    /// the parent, and with its session and client.
    pub fn event(&self, name: &'static str) -> CustomEvent {
        let Some(ticket) = &self.0 else { return CustomEvent::off() };
        CustomEvent::new(ticket.watch(), name, ticket.trace().child(), ticket.caller_now())
    }
}

/// Whether the call is recorded, and nothing that it holds.
impl fmt::Debug for CurrentCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_recorded() { "CurrentCall(recorded)" } else { "CurrentCall(off)" })
    }
}
