//! Who called, over what, and as part of which trace: read off each request, never remembered.
//!
//! Protocol 2026-07-28 tells everything in each request's `_meta`; older clients told it once, in
//! the handshake. Both are asked anew for each request: nothing is kept from the one before.

use std::sync::OnceLock;

use http::HeaderMap;
use http::request::Parts;
use rmcp::model::MetaObject;
use rmcp::service::{RequestContext, RoleServer};
use serde_json::Value;

use super::hash::Hasher;
use crate::event::{
    Caller, Confidence, Label, SessionKey, SessionSource, Trace, Transport, unique,
};
use crate::semconv::{META_CLIENT_INFO, META_PROTOCOL_VERSION, SESSION_HEADER, TRACEPARENT};

/// Reads a request's trace and caller.
pub(crate) fn read(
    request: &RequestContext<RoleServer>,
    install: &Hasher,
    default_transport: Transport,
) -> (Trace, Caller) {
    let headers = request.extensions.get::<Parts>().map(|parts| &parts.headers);
    let transport = if headers.is_some() { Transport::StreamableHttp } else { default_transport };
    let trace = trace(&request.meta, headers);
    let session =
        session(headers, transport, install).or_else(|| session_of_trace(&trace, install));
    let mut caller = Caller { transport, session, ..Caller::default() };
    identify(request, &mut caller);
    (trace, caller)
}

/// What groups a caller's repeats; 0 for a caller without a session.
pub(crate) fn repeat_scope(caller: &Caller) -> u64 {
    caller.session.map_or(0, |session| session.value)
}

/// Stdio when this process talks through pipes, as an MCP client starts it; else not known.
pub(crate) fn transport_of_process() -> Transport {
    if is_pipe("/dev/stdin") && is_pipe("/dev/stdout") {
        Transport::Stdio
    } else {
        Transport::Unknown
    }
}

#[cfg(unix)]
fn is_pipe(path: &str) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::metadata(path).is_ok_and(|at| at.file_type().is_fifo() || at.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_pipe(_path: &str) -> bool {
    false
}

fn identify(request: &RequestContext<RoleServer>, caller: &mut Caller) {
    let meta: &MetaObject = &request.meta;
    let client = meta.get(META_CLIENT_INFO).and_then(Value::as_object);
    let of_client = |field: &str| client?.get(field)?.as_str().map(Label::clean);
    caller.client_name = of_client("name");
    caller.client_version = of_client("version");
    caller.protocol_version =
        meta.get(META_PROTOCOL_VERSION).and_then(Value::as_str).map(Label::clean);
    if caller.protocol_version.is_none() {
        complete(request, caller);
    } else if client.is_none()
        // rmcp knows whether there was a handshake; it copies what the client said in it.
        && let Some(client) = request.client_info()
    {
        caller.client_name = Some(Label::clean(&client.name));
        caller.client_version = Some(Label::clean(&client.version));
    }
}

/// Adds what the client said in its handshake and not in the request.
fn complete(request: &RequestContext<RoleServer>, caller: &mut Caller) {
    let Some(told) = request.peer.peer_info() else { return };
    caller.protocol_version = Some(Label::clean(told.protocol_version.as_str()));
    if caller.client_name.is_none() {
        caller.client_name = Some(Label::clean(&told.client_info.name));
        caller.client_version = Some(Label::clean(&told.client_info.version));
    }
}

fn session(
    headers: Option<&HeaderMap>,
    transport: Transport,
    install: &Hasher,
) -> Option<SessionKey> {
    let (value, source) = match headers {
        Some(headers) => {
            let id = headers.get(SESSION_HEADER)?.as_bytes();
            (install.bytes("session", id), SessionSource::HttpHeader)
        }
        None if transport == Transport::Stdio => (process_key(), SessionSource::Process),
        None => return None,
    };
    Some(SessionKey { value, source, confidence: Confidence::High })
}

/// Requests without a session are grouped by the trace that their caller says they belong to.
fn session_of_trace(trace: &Trace, install: &Hasher) -> Option<SessionKey> {
    trace.parent_span_id?;
    let value = install.bytes("trace", &trace.trace_id);
    Some(SessionKey { value, source: SessionSource::Trace, confidence: Confidence::Medium })
}

/// A stdio server has one client for its life.
fn process_key() -> u64 {
    static KEY: OnceLock<u64> = OnceLock::new();
    *KEY.get_or_init(|| unique() | 1)
}

fn trace(meta: &MetaObject, headers: Option<&HeaderMap>) -> Trace {
    let in_header = || headers?.get(TRACEPARENT)?.to_str().ok().and_then(parent);
    let span_id = (unique() | 1).to_be_bytes();
    match meta.get_traceparent().and_then(parent).or_else(in_header) {
        Some((trace_id, parent)) => Trace { trace_id, span_id, parent_span_id: Some(parent) },
        None => {
            let halves = u128::from(unique()) << 64 | u128::from(unique() | 1);
            Trace { trace_id: halves.to_be_bytes(), span_id, parent_span_id: None }
        }
    }
}

/// The trace and the parent span of a W3C `traceparent`, read as strictly as the standard asks.
fn parent(text: &str) -> Option<([u8; 16], [u8; 8])> {
    let bytes = text.as_bytes();
    let field = |from: usize, until: usize| bytes.get(from..until);
    let [version] = hex(field(0, 2)?)?;
    let is_separated = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
    let ends_well = match bytes.get(55) {
        None => true,
        // Later versions may add fields; version 0 may not.
        Some(next) => version != 0 && *next == b'-',
    };
    let (trace_id, parent): ([u8; 16], [u8; 8]) = (hex(field(3, 35)?)?, hex(field(36, 52)?)?);
    let [_flags] = hex(field(53, 55)?)?;
    let is_valid = version != 0xff && is_separated && ends_well;
    (is_valid && trace_id != [0; 16] && parent != [0; 8]).then_some((trace_id, parent))
}

/// Lower-case hexadecimal digits, exactly as many as fill the array.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    (digits.len() == 2 * N).then_some(bytes)
}

#[cfg(test)]
mod tests;
