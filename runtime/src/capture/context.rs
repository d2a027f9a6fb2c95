//! Who called, over what, and as part of which trace: read off each request, never remembered.
//!
//! Protocol 2026-07-28 tells everything in each request's `_meta`; older clients told it once, in
//! the handshake. Both are asked anew for each request: nothing is kept from the one before, the
//! bounded table of [`CallerSessions`] apart.

mod callers;
mod client;
mod request;
mod session;
mod trace;
mod transport;
mod trust;

use rmcp::model::{InputResponses, RequestId, RequestMetaObject};

use super::hash::Hasher;
use crate::event::{Caller, RequestKey, Trace};
use crate::semconv::META_PROTOCOL_VERSION;

pub(crate) use callers::CallerSessions;
pub use request::RequestInfo;
pub(crate) use session::SessionResolver;
#[cfg(any(test, fuzzing, feature = "otel"))]
pub(crate) use trace::parent as traceparent;
pub use transport::detect_transport;
pub(crate) use transport::of_process as transport_of_process;
pub use trust::RemoteParent;

/// Reads a request's trace and caller. A session that needs an identity is found when the request
/// is recorded.
pub(crate) fn read(
    request: &RequestInfo<'_>,
    install: &Hasher,
    resolver: Option<&SessionResolver>,
    remote_parent: RemoteParent,
) -> (Trace, Caller) {
    let trace = remote_parent.apply(trace::read(request.meta(), request.headers()));
    let transport = request.transport();
    let session = session::read(request, transport, &trace, install, resolver);
    let http_version = request.parts().and_then(transport::http_version);
    let mut caller = Caller { transport, http_version, session, ..Caller::default() };
    client::read(request, &mut caller);
    (trace, caller)
}

/// The place of the level that the client of a connection has asked for, in the order of severity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientLevel(pub(crate) u8);

/// Whether a request tells everything itself, as from protocol 2026-07-28 on.
pub(crate) fn is_stateless(meta: &RequestMetaObject) -> bool {
    meta.get(META_PROTOCOL_VERSION).is_some()
}

/// What groups a caller's repeats; 0 for a caller without a session.
pub(crate) fn repeat_scope(caller: &Caller) -> u64 {
    caller.session.map_or(0, |session| session.value)
}

/// The JSON-RPC id of a request: a number as it is, a text, which may say anything, as its hash.
pub(crate) fn request_key(id: &RequestId, install: &Hasher) -> RequestKey {
    match id {
        RequestId::Number(number) => RequestKey::Number(*number),
        RequestId::String(text) => RequestKey::Hash(install.text("request", text)),
    }
}

/// Whether a request carries on one that asked for input.
pub(crate) const fn is_continuation(
    input_responses: Option<&InputResponses>,
    request_state: Option<&String>,
) -> bool {
    input_responses.is_some() || request_state.is_some()
}

#[cfg(test)]
mod tests;
