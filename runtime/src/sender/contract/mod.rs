//! What the sender asks of a destination: the trait, and the words that the two exchange.
//!
//! It stands here and not beside the destinations because the sender must not know them.

mod ack;
mod batch;
mod error;
mod quota;

pub use ack::Ack;
pub use batch::Batch;
#[cfg(feature = "http")]
pub(crate) use batch::SDK;
pub use error::SendError;
pub use quota::{Quota, QuotaStatus};

/// Takes batches of events.
///
/// The sender's own thread calls it, one batch at a time, and waits for the answer; so `send` may
/// block, and should give up by itself after some seconds. A panic counts as a failed attempt, but
/// with `panic = "abort"` it ends the process, as everywhere. The same batch, or parts of it, come
/// again after a failure, with the same event ids: a destination that remembers ids can drop doubles.
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

    /// Whether the next batch needs no set-up that takes long, such as reading a trust store. A
    /// process that ends begins no such set-up: its events stay in the spool, for the next one. In
    /// memory mode it is not asked.
    fn is_ready(&self) -> bool {
        true
    }
}
