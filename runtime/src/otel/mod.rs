//! Spans and metrics on the application's own OpenTelemetry provider.
//!
//! It depends on the API crate `opentelemetry` alone, and sets no global. A span is started when its
//! operation is, so the author's own spans nest below it; its attributes are those that
//! [`telemetry`](crate::telemetry) walks off the event. Everything of the provider's is
//! somebody else's code: what panics there is counted, and the call goes on.

mod check;
mod meters;
mod parent;
mod reader;
mod settings;
mod span;
mod tracers;
mod values;

pub use check::{OtelCheck, OtelState};
pub use settings::Otel;

pub(crate) use parent::Surroundings;
pub(crate) use reader::Reader;
pub(crate) use span::{Scope, Started};

use opentelemetry::{InstrumentationScope, KeyValue};

use crate::semconv::otel;

/// Who makes these spans and metrics. The resource is the application's, so the server's name is told
/// here; it also keeps the metrics of two watches on one provider apart.
fn scope(server: &str) -> InstrumentationScope {
    InstrumentationScope::builder("toolwatch")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(otel::SCHEMA_URL)
        .with_attributes([KeyValue::new(otel::SERVER_NAME, server.to_owned())])
        .build()
}
