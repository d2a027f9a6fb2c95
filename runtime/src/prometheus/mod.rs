//! The numbers of a watch as Prometheus metrics: as text, as an HTTP service, in a registry of the
//! author's own, on a listener of the watch, and in a text file for the node exporter.
//!
//! Everything here reads [`Watch::metrics`](crate::Watch::metrics) and the account of each
//! destination, and nothing else: labels are registered names, members of closed vocabularies, and
//! names of destinations. docs/guides/prometheus.md lists the metrics, and docs/prometheus holds
//! alert rules and a dashboard.

mod collect;
mod exporter;
mod family;
mod label;
mod listener;
mod request;
mod service;
mod slot;
mod textfile;

pub use ::prometheus;
pub use exporter::Exporter;
pub use service::Service;

pub(crate) use exporter::{NAMESPACE, Source, check_namespace};
pub(crate) use listener::Listener;
pub(crate) use textfile::TextFile;

/// The content type of [`Exporter::text`].
pub const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
