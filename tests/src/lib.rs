//! Shared fixtures of the workspace-level suites.

pub mod canary;
pub mod clients;
pub mod collector;
pub mod everything;
pub mod grpc;
pub mod hostile;
pub mod http2;
pub mod observed;
pub mod oracle;
pub mod ports;
pub mod posts;
pub mod raw;
pub mod sdk;
pub mod server;
pub mod stored;
pub mod tour;
pub mod victim;
pub mod wrapped;

/// How much larger than in CI the slow suites are to be: `TOOLWATCH_TEST_SCALE`, 1 by default.
#[must_use]
pub fn scale() -> usize {
    std::env::var("TOOLWATCH_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}
