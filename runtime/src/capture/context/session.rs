//! What groups the requests of one session, in the order of how sure it is.
//!
//! The author's word, the session of streamable HTTP, the connection of a stdio server, and the
//! trace. A session is never invented: a request that tells none of them has none, unless its
//! caller is identified (see [`CallerSessions`](super::CallerSessions)).

use std::sync::OnceLock;

use http::HeaderMap;

use super::RequestInfo;
use crate::capture::hash::Hasher;
use crate::capture::losses::{self, Loss};
use crate::event::{Confidence, SessionKey, SessionSource, Trace, Transport, unique};
use crate::semconv::SESSION_HEADER;

/// The author's word on the session of a request.
pub(crate) type SessionResolver = dyn Fn(&RequestInfo<'_>) -> Option<String> + Send + Sync;

pub(super) fn read(
    request: &RequestInfo<'_>,
    transport: Transport,
    trace: &Trace,
    install: &Hasher,
    resolver: Option<&SessionResolver>,
) -> Option<SessionKey> {
    resolver
        .and_then(|resolver| resolved(resolver, request, install))
        .or_else(|| of_header(request.headers(), install))
        .or_else(|| of_connection(request.headers(), transport))
        .or_else(|| of_trace(trace, install))
}

/// The author's word. An empty one counts as none, and so does a panic.
fn resolved(
    resolver: &SessionResolver,
    request: &RequestInfo<'_>,
    install: &Hasher,
) -> Option<SessionKey> {
    let answer = losses::guarded(Loss::Session, || resolver(request)).flatten()?;
    #[cfg(feature = "planted-leaks")]
    crate::testing::leak::see(crate::testing::leak::Leak::SessionText, &answer);
    let value = install.text("resolver", Some(answer.as_str()).filter(|text| !text.is_empty())?);
    Some(SessionKey { value, source: SessionSource::Resolver, confidence: Confidence::High })
}

/// The session of streamable HTTP.
fn of_header(headers: Option<&HeaderMap>, install: &Hasher) -> Option<SessionKey> {
    let value = install.bytes("session", headers?.get(SESSION_HEADER)?.as_bytes());
    Some(SessionKey { value, source: SessionSource::HttpHeader, confidence: Confidence::High })
}

/// A stdio server has one client for its life, whichever era its requests speak.
fn of_connection(headers: Option<&HeaderMap>, transport: Transport) -> Option<SessionKey> {
    static KEY: OnceLock<u64> = OnceLock::new();
    if headers.is_some() || transport != Transport::Stdio {
        return None;
    }
    let value = *KEY.get_or_init(|| unique() | 1);
    Some(SessionKey { value, source: SessionSource::Process, confidence: Confidence::High })
}

/// Requests without a session are grouped by the trace that their caller says they belong to.
fn of_trace(trace: &Trace, install: &Hasher) -> Option<SessionKey> {
    trace.parent_span_id?;
    let value = install.bytes("trace", &trace.trace_id);
    Some(SessionKey { value, source: SessionSource::Trace, confidence: Confidence::Medium })
}

#[cfg(test)]
mod tests;
