//! A tamper-evident log of what ran, and honest about what that means (feature `audit`).
//!
//! Each process writes a lane of its own: JSON lines, each sealed over its raw bytes with a key that
//! is forgotten after 100 records or one second. [`Verifier`] and the program `toolwatch-audit` say
//! whether a log is intact, damaged and where, or whether there is nothing to verify. Arguments are
//! in the log as their shape and keyed hash only. `docs/spec/audit.md` has the format, the keys, the
//! threats and what no log can do: somebody who is root from the start, or who controls where the
//! checkpoints go as well, defeats it.
//!
//! ```
//! use toolwatch::audit::{Audit, Policy, Verifier, keygen};
//!
//! # fn main() -> Result<(), toolwatch::Error> {
//! # let home = tempfile::tempdir().unwrap();
//! # let (log, published) = (home.path().join("log"), home.path().join("checkpoints"));
//! // Once, by the operator. The key that is returned belongs on another machine.
//! let key = keygen(&log)?;
//!
//! // In the server.
//! let audit = Audit::builder(&log).policy(Policy::Refuse).checkpoint_file(&published).build()?;
//! audit.close();
//! # // Closing waits for the checkpoint, but no longer than 2 s.
//! # (0..6_000).take_while(|_| !published.exists()).for_each(|_| {
//! #     std::thread::sleep(std::time::Duration::from_millis(10));
//! # });
//!
//! // Where the verification key is.
//! let report = Verifier::new(&key).checkpoints(&published).verify(&log)?;
//! assert!(report.verdict().is_intact());
//! # Ok(())
//! # }
//! ```

mod builder;
mod checkpoint;
mod hex;
mod key;
mod keygen;
mod lane;
mod record;
mod recover;
mod start;
mod stats;
#[cfg(test)]
mod tests;
mod ticker;
mod verify;
mod writer;

pub use builder::AuditBuilder;
pub use key::VerificationKey;
pub use keygen::{keygen, keygen_signed};
pub use stats::AuditStats;
pub use verify::{Damage, DamageKind, LaneEnd, LaneReport, Report, Verdict, Verifier};

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use builder::OnError;
use record::Kind;
use writer::Writer;

use crate::contain::contain;
use crate::error::Error;
use crate::event::{self, Event, EventType};
use crate::stderr;

/// How long closing waits for the last checkpoints: a target may hang.
const MAX_CLOSE: Duration = Duration::from_secs(2);

/// What happens to a call that cannot be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// The tool runs. The gap is counted, told, and in the log as soon as the log can be written.
    #[default]
    Degrade,
    /// The tool does not run: a record of its beginning is written before it, and without one the
    /// call is refused.
    Refuse,
}

/// An audit log that this process writes. Cheap to clone; the last clone closes the lane.
///
/// See the [module](self) for an example.
#[derive(Clone)]
pub struct Audit(Arc<Handle>);

struct Handle {
    writer: Arc<Writer>,
    policy: Policy,
    begins: bool,
    on_error: Option<OnError>,
    /// Whether the operator knows of the failure that goes on.
    has_told: AtomicBool,
    refused: AtomicU64,
    has_thread: bool,
    is_closed: AtomicBool,
}

impl Audit {
    /// An audit log in this directory, which has its sealing key (see [`keygen`]).
    pub fn builder(directory: impl Into<PathBuf>) -> AuditBuilder {
        AuditBuilder::new(directory.into())
    }

    fn new(
        writer: Arc<Writer>,
        policy: Policy,
        begin_records: bool,
        on_error: Option<OnError>,
        has_thread: bool,
    ) -> Self {
        Self(Arc::new(Handle {
            writer,
            policy,
            begins: begin_records || policy == Policy::Refuse,
            on_error,
            has_told: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            has_thread,
            is_closed: AtomicBool::new(false),
        }))
    }

    /// The numbers.
    #[must_use]
    pub fn stats(&self) -> AuditStats {
        let refused = self.0.refused.load(Ordering::Relaxed);
        AuditStats { refused, ..self.0.writer.lock().stats }
    }

    /// The id of the log, in hexadecimal digits.
    #[must_use]
    pub fn log_id(&self) -> String {
        hex::encode(&self.0.writer.log_id)
    }

    /// The number of this process's lane.
    #[must_use]
    pub fn writer_id(&self) -> u32 {
        self.0.writer.lock().lane.writer_id
    }

    /// Ends the lane with a close record and publishes the last checkpoint; takes 2 s at most. What
    /// is recorded later is counted as missed. Dropping the last clone does the same; one that a watch
    /// holds waits no longer than the watch's own end.
    pub fn close(&self) {
        self.0.begin_close();
        self.0.wait_closed(MAX_CLOSE);
    }

    /// Ends the lane, and leaves the last checkpoint to the thread.
    pub(crate) fn begin_close(&self) {
        self.0.begin_close();
    }

    /// Waits, bounded, until a log that is being closed has published its last checkpoint.
    pub(crate) fn wait_closed(&self, timeout: Duration) {
        self.0.wait_closed(timeout.min(MAX_CLOSE));
    }

    /// Lets go of this clone. When it is the last one the lane ends, and what is returned can be
    /// waited for.
    pub(crate) fn release(self) -> Option<Closing> {
        let handle = Arc::into_inner(self.0)?;
        handle.begin_close();
        Some(Closing(handle))
    }

    /// Whether what cannot be recorded must not run.
    pub(crate) fn refuses(&self) -> bool {
        self.0.policy == Policy::Refuse
    }

    /// Asks whether an operation may run, and records its beginning when that is on. Only calls of
    /// tools have a beginning. `body` is room for the record.
    ///
    /// # Errors
    /// Fails under [`Policy::Refuse`] when its beginning could not be recorded.
    pub(crate) fn admit(&self, event: &Event, body: &mut Vec<u8>) -> Result<(), Error> {
        if !self.0.begins || event.event_type != EventType::ToolCall {
            return Ok(());
        }
        event::encode_begun(event, body);
        self.begin(body)
    }

    /// Records an operation that has ended. Never fails and never waits for more than the disk's
    /// page cache. The record is made behind what `room` holds, which may be the encoded event: then
    /// `written` says where the shape of its arguments stands.
    pub(crate) fn record(&self, event: &Event, written: Option<Range<usize>>, room: &mut Vec<u8>) {
        let start = room.len();
        event::encode_for_audit(event, written, room);
        self.append(&room[start..]);
    }

    /// Records the beginning of an operation, whose body starts with its `event_id`.
    pub(crate) fn begin(&self, body: &[u8]) -> Result<(), Error> {
        let Err(error) = self.0.write(Kind::Begun, body) else { return Ok(()) };
        if self.0.policy == Policy::Degrade {
            return Ok(());
        }
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        Err(error)
    }

    /// Records the end of an operation.
    pub(crate) fn append(&self, body: &[u8]) {
        let _ = self.0.write(Kind::Event, body);
    }
}

/// A log that nobody holds any more, on its way to its end.
pub(crate) struct Closing(Handle);

impl Closing {
    /// Waits, bounded, for its last checkpoint.
    pub(crate) fn wait(&self, timeout: Duration) {
        self.0.wait_closed(timeout);
    }
}

impl Handle {
    fn write(&self, kind: Kind, body: &[u8]) -> Result<(), Error> {
        match self.writer.append(kind, body) {
            Ok(()) => {
                if self.has_told.load(Ordering::Relaxed) {
                    self.has_told.store(false, Ordering::Relaxed);
                }
                Ok(())
            }
            Err(error) => {
                let error = Error::storage("the audit log cannot be written", error);
                if !self.has_told.swap(true, Ordering::Relaxed) {
                    self.tell(&error);
                }
                Err(error)
            }
        }
    }

    fn tell(&self, error: &Error) {
        tracing::warn!(%error, "calls are not recorded");
        match &self.on_error {
            Some(on_error) => {
                if contain(|| on_error(error)).is_none() {
                    tracing::warn!("on_error of the audit log panicked");
                }
            }
            None => stderr::say(format_args!("the audit log cannot be written")),
        }
    }

    /// Writes the close record and seals the last checkpoint, which the thread publishes.
    fn begin_close(&self) {
        if self.writer.is_copy() {
            return;
        }
        self.is_closed.store(true, Ordering::Relaxed);
        if let Err(error) = self.writer.close() {
            warn(&error, "the audit log could not be closed");
        }
        if !self.has_thread
            && let Err(error) = self.writer.publish()
        {
            warn(&error, "the last audit checkpoint could not be published");
        }
    }

    fn wait_closed(&self, timeout: Duration) {
        if self.has_thread && !self.writer.is_copy() {
            ticker::wait_for_end(&self.writer, timeout);
        }
    }
}

/// Whoever listens may panic, which must not end a drop or the log's own thread.
fn warn(error: &std::io::Error, message: &str) {
    let _ = contain(|| tracing::warn!(%error, "{message}"));
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Who has closed it has waited as long as they wanted to.
        if !self.is_closed.load(Ordering::Relaxed) {
            self.begin_close();
            self.wait_closed(MAX_CLOSE);
        }
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}
