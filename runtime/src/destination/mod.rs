//! Where batches go. The ingest client over HTTP is one destination; authors can write others.

mod ack;
mod batch;
#[cfg(feature = "http")]
mod client;
mod error;
#[cfg(feature = "http")]
mod http;
mod quota;
#[cfg(feature = "http")]
mod reply;
#[cfg(feature = "http")]
mod retry_after;
#[cfg(feature = "http")]
mod secret;
#[cfg(feature = "http")]
mod tls;

pub use ack::Ack;
pub use batch::Batch;
pub(crate) use batch::splice;
#[cfg(feature = "http")]
pub use client::{IngestClient, IngestClientBuilder};
pub use error::SendError;
#[cfg(feature = "http")]
#[allow(
    unused_imports,
    reason = "the watch that is built on it comes in a later commit"
)]
pub(crate) use http::HttpDestination;
pub use quota::{Quota, QuotaStatus};

/// Takes batches of events.
///
/// The sender's own thread calls it, one batch at a time, and waits for the answer; so `send` may
/// block, and should give up by itself after some seconds. A panic counts as a failed attempt. The
/// same batch, or parts of it, come again after a failure, with the same event ids: a destination
/// that remembers ids can drop doubles.
///
/// ```
/// use toolwatch::destination::{Ack, Batch, Destination, SendError};
///
/// struct Count(usize);
///
/// impl Destination for Count {
///     fn name(&self) -> &str { "count" }
///     fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
///         self.0 += batch.len();
///         Ok(Ack::all())
///     }
/// }
/// ```
pub trait Destination: Send {
    /// A short name for logs and counters.
    fn name(&self) -> &str;

    /// Sends one batch and waits for the answer.
    ///
    /// # Errors
    /// Fails when the batch was not taken; the kind of the error decides what happens next.
    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError>;
}
