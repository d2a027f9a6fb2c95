//! OTLP over HTTP or gRPC: events as OpenTelemetry spans, durable like all events, and the registry's
//! numbers as metrics.
//!
//! No SDK of OpenTelemetry is at work here (docs/adr/007): spans are made from the spool, so those
//! of a killed process arrive with the next one, and no global of the user's is touched.

mod attribute;
mod exporter;
#[cfg(feature = "otlp-grpc")]
mod grpc;
mod metrics;
mod post;
mod protobuf;
mod protocol;
mod resource;
mod settings;
mod span;
mod spans;
mod variables;

pub use protocol::OtlpProtocol;
pub use settings::Otlp;

pub(crate) use exporter::{Exporter, MetricsPlan, Sources};
pub(crate) use resource::ServerRun;
pub(crate) use settings::Signals;
