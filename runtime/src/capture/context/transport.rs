//! What a request came over, as far as it can be known.

use std::sync::OnceLock;

use http::header::{ACCEPT, HeaderMap, HeaderName, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Method, Version, request::Parts};
use rmcp::model::Extensions;
use rmcp::service::{RequestContext, RoleServer};

use super::request::attached;
use crate::event::{HttpVersion, Transport};
use crate::semconv::{OLD_SSE_SESSIONS, SESSION_HEADER};

const EVENT_STREAM: &str = "text/event-stream";

/// What a request came over, from the request itself and else from the process.
///
/// In this order:
///
/// - A [`Transport`] among the message's extensions, or among those of its HTTP request: a transport
///   of your own says what it is. This is how a request can be `in-process`: nothing else tells.
/// - An HTTP request (`http::request::Parts`, which rmcp attaches to each message of its HTTP
///   service) is `websocket` when it asks for that upgrade: by `Upgrade: websocket`, or over HTTP/2
///   by `CONNECT` with `Sec-WebSocket-Version`.
/// - It is `sse`, the transport of 2024-11-05, without an `mcp-session-id` header and either as a
///   message posted to an address with `sessionId` or `session_id` in its query, as the `endpoint`
///   event of that transport gives them, by a client that does not accept both JSON and event
///   streams, as streamable HTTP asks of every post; or as the `GET` that opened the stream, where
///   the transport attaches that one. A server of that transport that keeps the session in the path
///   cannot be told apart: let it say what it is.
/// - Any other HTTP request is `streamable-http`.
/// - Without HTTP it is `stdio` when this process talks through pipes, as an MCP client starts it,
///   and else `unknown`. In events [`WatchBuilder::transport`](crate::WatchBuilder::transport) has
///   the word before this last rule.
///
/// ```
/// use rmcp::{RoleServer, service::RequestContext};
/// use toolwatch::event::Transport;
///
/// fn is_remote(request: &RequestContext<RoleServer>) -> bool {
///     !matches!(toolwatch::detect_transport(request), Transport::Stdio | Transport::InProcess)
/// }
/// # let _ = is_remote;
/// ```
#[must_use]
pub fn detect_transport(request: &RequestContext<RoleServer>) -> Transport {
    told(&request.extensions).unwrap_or_else(of_process)
}

/// What the request tells of its transport.
pub(super) fn told(extensions: &Extensions) -> Option<Transport> {
    let of_http = || extensions.get::<Parts>().map(of_parts);
    attached::<Transport>(extensions).copied().or_else(of_http)
}

fn of_parts(parts: &Parts) -> Transport {
    if is_websocket(parts) {
        Transport::Websocket
    } else if is_old_sse(parts) {
        Transport::Sse
    } else {
        Transport::StreamableHttp
    }
}

/// The version of a request's HTTP; `None` for one that has no name here.
pub(super) fn http_version(parts: &Parts) -> Option<HttpVersion> {
    match parts.version {
        Version::HTTP_10 => Some(HttpVersion::Http10),
        Version::HTTP_11 => Some(HttpVersion::Http11),
        Version::HTTP_2 => Some(HttpVersion::Http2),
        Version::HTTP_3 => Some(HttpVersion::Http3),
        _ => None,
    }
}

fn is_websocket(parts: &Parts) -> bool {
    let is_upgrade = has_item(&parts.headers, UPGRADE, "websocket");
    let is_tunnel =
        parts.method == Method::CONNECT && parts.headers.contains_key(SEC_WEBSOCKET_VERSION);
    is_upgrade || is_tunnel
}

fn is_old_sse(parts: &Parts) -> bool {
    let headers = &parts.headers;
    let accepts = |media: &str| has_item(headers, ACCEPT, media);
    if headers.contains_key(SESSION_HEADER) {
        false
    } else if parts.method == Method::GET {
        accepts(EVENT_STREAM)
    } else {
        let takes_both = accepts("application/json") && accepts(EVENT_STREAM);
        parts.method == Method::POST && !takes_both && names_session(parts)
    }
}

/// Whether the query names a session of the transport of 2024-11-05.
fn names_session(parts: &Parts) -> bool {
    let is_session = |pair: &str| {
        pair.split_once('=')
            .is_some_and(|(key, value)| OLD_SSE_SESSIONS.contains(&key) && !value.is_empty())
    };
    parts.uri.query().is_some_and(|query| query.split('&').any(is_session))
}

/// Whether a header that is a list has this item, whatever its case and parameters.
fn has_item(headers: &HeaderMap, name: HeaderName, item: &str) -> bool {
    let is_item = |entry: &str| {
        entry.split(';').next().is_some_and(|entry| entry.trim().eq_ignore_ascii_case(item))
    };
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(is_item)
}

/// Stdio when this process talks through pipes, as an MCP client starts it; else not known.
pub(crate) fn of_process() -> Transport {
    static FOUND: OnceLock<Transport> = OnceLock::new();
    *FOUND.get_or_init(|| {
        if is_pipe("/dev/stdin") && is_pipe("/dev/stdout") {
            Transport::Stdio
        } else {
            Transport::Unknown
        }
    })
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

#[cfg(test)]
mod tests;
