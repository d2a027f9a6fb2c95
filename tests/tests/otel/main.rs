//! Promise: with the feature `otel` every operation is a span on the application's own provider, by
//! the conventions, with the author's own spans below it; and no provider changes a call.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at once"
)]

mod faults;
mod hostile;
mod ids;
mod metrics;
mod names;
mod nest;
mod nesting;
mod outcomes;
mod parents;
mod providers;
mod sampling;
mod subscribers;
