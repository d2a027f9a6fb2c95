//! Where batches go. The ingest client over HTTP is one destination; authors can write others.

#[cfg(feature = "agentcat")]
mod agentcat;
#[cfg(feature = "http")]
mod blocking;
#[cfg(feature = "http")]
mod channel;
#[cfg(feature = "http")]
mod client;
mod format;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod lenient;
#[cfg(feature = "http")]
mod mcpwatch;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
#[cfg(feature = "http")]
pub(crate) mod reply;
#[cfg(feature = "http")]
pub(crate) mod retry_after;
#[cfg(feature = "http")]
mod rfc3339;
#[cfg(feature = "http")]
mod secret;

#[cfg(feature = "agentcat")]
pub use agentcat::AgentCat;
#[cfg(feature = "http")]
pub use client::{IngestClient, IngestClientBuilder};
pub use format::IngestFormat;
#[cfg(feature = "http")]
pub(crate) use http::HttpDestination;

#[cfg(feature = "otlp")]
pub use otlp::{Otlp, OtlpProtocol};

pub use crate::sender::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
