//! Names that other standards define, in one place.
//!
//! Read in: MCP 2026-07-28 (`_meta` keys of SEP-2575, trace context of SEP-414, the session header
//! of streamable HTTP 2025-06-18) and W3C Trace Context level 1. The names of an event's members
//! are MCPWatch's and stand where they are written, in [`crate::event`]; the mapping to the
//! OpenTelemetry conventions for MCP is in `docs/spec/event.md`.

/// The protocol version in a request's `_meta`.
pub(crate) const META_PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The client in a request's `_meta`.
pub(crate) const META_CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";

/// The header that names a session of streamable HTTP.
pub(crate) const SESSION_HEADER: &str = "mcp-session-id";

/// The parameters of the query that name a session of HTTP with server-sent events (2024-11-05), by
/// the SDKs for TypeScript and for Python.
pub(crate) const OLD_SSE_SESSIONS: [&str; 2] = ["sessionId", "session_id"];

/// The trace context header.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// What vendors add to it.
#[cfg(feature = "otel")]
pub(crate) const TRACESTATE: &str = "tracestate";

#[cfg(any(feature = "otlp", feature = "otel"))]
pub(crate) mod otel;
