//! Events and numbers by the OpenTelemetry conventions for MCP: names, attributes, error rules.
//!
//! Two ways lead to OpenTelemetry, a destination that speaks OTLP and the API of the application's
//! own provider. Both walk events and numbers here, so they tell the same under the same names.

mod attribute;
mod metrics;
mod node;
mod span;
#[cfg(feature = "otel")]
mod tree;

pub(crate) use attribute::Attributes;
#[cfg(feature = "otlp")]
pub(crate) use metrics::Point;
pub(crate) use metrics::{Account, COUNTERS, Counter, Kind, OperationKey, operation_attributes};
pub(crate) use node::Node;
pub(crate) use span::Description;
#[cfg(feature = "otel")]
pub(crate) use tree::node;
