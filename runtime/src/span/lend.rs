//! The span of a call in the hands of an extractor that runs in it.
//!
//! An extractor sees nothing but rmcp's context, in which a call with the attribute alone leaves no
//! ticket: making one for every call would cost those that nobody asks. So the span lies within
//! reach of the thread while an extractor runs, and the ticket is made when it is asked for.

use std::any::type_name;
use std::cell::Cell;

use rmcp::model::Extensions;
use rmcp::service::{RequestContext, RoleServer};

use super::{CallSpan, Ticket};

thread_local! {
    static LENT: Cell<Option<CallSpan>> = const { Cell::new(None) };
}

/// Runs a piece of the author's code that may ask for the ticket of this span. When it panics, that
/// is what the span records.
pub(crate) fn lend<R>(span: &mut CallSpan, run: impl FnOnce() -> R) -> R {
    // A thread that is at its end lends nothing.
    if LENT.try_with(|_| ()).is_err() {
        return span.in_user_code(run);
    }
    span.set_in_user_code(true);
    let scope = span.scope();
    let output = {
        let _attached = scope.attach();
        let _lending = Lending::start(span);
        run()
    };
    span.set_in_user_code(false);
    output
}

/// Gives the span back, after a panic as well.
struct Lending<'a> {
    place: &'a mut CallSpan,
    outer: Option<CallSpan>,
}

impl<'a> Lending<'a> {
    fn start(place: &'a mut CallSpan) -> Self {
        let span = std::mem::replace(place, CallSpan::disabled());
        let outer = LENT.try_with(|lent| lent.replace(Some(span))).ok().flatten();
        Self { place, outer }
    }
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        let outer = self.outer.take();
        if let Ok(Some(span)) = LENT.try_with(|lent| lent.replace(outer)) {
            *self.place = span;
        }
    }
}

/// Leaves the ticket in a request of which the author takes out the whole, a `T`, and so may ask for
/// the current call when no extractor runs any more.
pub(crate) fn leave_ticket<T>(span: &mut CallSpan, extensions: &mut Extensions) {
    // Names and not ids, because nothing says that an extractor is `'static`.
    let takes_request = type_name::<T>() == type_name::<RequestContext<RoleServer>>();
    if takes_request
        && extensions.get::<Ticket>().is_none()
        && let Some(ticket) = span.ticket()
    {
        extensions.insert(ticket);
    }
}

/// The ticket of the call whose extractor runs on this thread.
pub(crate) fn lent_ticket() -> Option<Ticket> {
    let ask = |lent: &Cell<Option<CallSpan>>| {
        let mut span = lent.take()?;
        let ticket = span.ticket();
        lent.set(Some(span));
        ticket
    };
    LENT.try_with(ask).ok().flatten()
}
