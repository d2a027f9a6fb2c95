//! Promise: what toolwatch sends over OTLP is what the OpenTelemetry conventions for MCP ask for,
//! arrives though the server is killed, and is accounted for whatever the collector answers.
//!
//! `opentelemetry-proto`, which toolwatch itself does not use, reads what was sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]

mod collector;
mod grpc;
mod killed;
mod metrics;
mod names;
mod rotel;
mod rules;
mod settings;
mod spans;
