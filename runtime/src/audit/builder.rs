//! Options of an audit log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{Publisher, SigningKey, Target};
use super::key::read_text;
use super::start::Start;
use super::writer::Writer;
use super::{Audit, Policy, ticker};
use crate::error::Error;
use crate::event::Label;
use crate::spool::{Clock, Disk, RealDisk, SystemClock, open_private};

/// The file of the sealing key in the log's directory.
pub(super) const SEALING_KEY: &str = "sealing.key";
/// The file of the signing key in the log's directory.
pub(super) const SIGNING_KEY: &str = "signing.key";
/// Bytes of a segment: large enough that few are made, small enough to be handled.
const MAX_SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// A segment holds the widest body and its genesis.
const MIN_SEGMENT_BYTES: u64 = 4096;

pub(super) type OnError = Box<dyn Fn(&Error) + Send + Sync>;

/// Configures an [`Audit`].
#[must_use = "a builder does nothing until `build`"]
pub struct AuditBuilder {
    directory: PathBuf,
    sealing_key: Option<PathBuf>,
    signing_key: Option<PathBuf>,
    policy: Policy,
    begin_records: bool,
    max_segment_bytes: u64,
    targets: Vec<Target>,
    on_error: Option<OnError>,
    about: Vec<u8>,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    has_thread: bool,
}

impl AuditBuilder {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            sealing_key: None,
            signing_key: None,
            policy: Policy::Degrade,
            begin_records: false,
            max_segment_bytes: MAX_SEGMENT_BYTES,
            targets: Vec::new(),
            on_error: None,
            about: Vec::new(),
            disk: Arc::new(RealDisk),
            clock: Arc::new(SystemClock::default()),
            has_thread: true,
        }
    }

    /// Where the sealing key is; `sealing.key` in the directory by default. The server writes to
    /// this file at every start.
    pub fn sealing_key(mut self, path: impl Into<PathBuf>) -> Self {
        self.sealing_key = Some(path.into());
        self
    }

    /// Signs checkpoints with the Ed25519 key of this file, which nobody but its owner may read and
    /// which must be no link. By default it is `signing.key` in the directory, when there is one.
    pub fn signing_key(mut self, path: impl Into<PathBuf>) -> Self {
        self.signing_key = Some(path.into());
        self
    }

    /// What happens to a call that cannot be recorded; [`Policy::Degrade`] by default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Records each operation also when it begins, so that one that its process does not survive
    /// leaves a trace. Off by default; [`Policy::Refuse`] always does.
    pub fn begin_records(mut self) -> Self {
        self.begin_records = true;
        self
    }

    /// Bytes after which a new segment is begun; 64 MiB by default, and at least 4 KiB.
    pub fn max_segment_bytes(mut self, max_bytes: u64) -> Self {
        self.max_segment_bytes = max_bytes.max(MIN_SEGMENT_BYTES);
        self
    }

    /// Publishes checkpoints to a file, which all writers may share. It should be on another
    /// machine, or be shipped there: who can change both this file and the log can cut the log.
    pub fn checkpoint_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.targets.push(Target::File(path.into()));
        self
    }

    /// Publishes checkpoints on stderr, one line of JSON each, which a collector of logs keeps.
    pub fn checkpoint_stderr(mut self) -> Self {
        self.targets.push(Target::Stderr);
        self
    }

    /// Hands each checkpoint, as a C2SP note, to a function on the audit log's own thread. While it
    /// runs no other checkpoint is published; of those that wait the last 256 are kept.
    pub fn checkpoint_to(mut self, publish: impl Fn(&str) + Send + 'static) -> Self {
        self.targets.push(Target::Callback(Box::new(publish)));
        self
    }

    /// Names the server in each segment. Both are cut and cleaned as labels are.
    pub fn server(mut self, name: &str, version: &str) -> Self {
        self.about.clear();
        for (key, text) in [("server_name", name), ("server_version", version)] {
            // A label has nothing that JSON escapes.
            let label = Label::clean(text);
            self.about.extend_from_slice(format!(",\"{key}\":\"{}\"", label.as_str()).as_bytes());
        }
        self
    }

    /// Calls this when the log begins to fail, and not again before it has worked. By default one
    /// line goes to stderr.
    pub fn on_error(mut self, on_error: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Box::new(on_error));
        self
    }

    #[cfg(test)]
    pub(super) fn world(mut self, disk: Arc<dyn Disk>, clock: Arc<dyn Clock>) -> Self {
        (self.disk, self.clock, self.has_thread) = (disk, clock, false);
        self
    }

    /// Begins a lane of the log: takes a key, looks after the lanes of writers that have died.
    ///
    /// # Errors
    ///
    /// When there is no sealing key (see [`keygen`](super::keygen)), a key is damaged or readable by
    /// others, or the lane cannot be written.
    pub fn build(self) -> Result<Audit, Error> {
        let signing = self.read_signing_key()?;
        let sealing_key = self.sealing_key.unwrap_or_else(|| self.directory.join(SEALING_KEY));
        if !sealing_key.exists() {
            return Err(Error::configuration(
                "the audit log has no sealing key: make one with `toolwatch-audit keygen`",
            ));
        }
        let start = Start {
            disk: self.disk,
            directory: self.directory,
            sealing_key,
            max_segment_bytes: self.max_segment_bytes,
            about: self.about,
        };
        let (log_id, lane) = start
            .run(self.clock.wall())
            .map_err(|error| Error::storage("the audit log cannot be begun", error))?;
        let publisher = Publisher { log_id, signing, targets: self.targets };
        let writer = Arc::new(Writer::new(log_id, lane, publisher, self.clock));
        if self.has_thread {
            ticker::start(Arc::clone(&writer))
                .map_err(|error| Error::thread("the audit log has no thread", error))?;
        }
        Ok(Audit::new(writer, self.policy, self.begin_records, self.on_error, self.has_thread))
    }

    fn read_signing_key(&self) -> Result<Option<SigningKey>, Error> {
        let beside = self.directory.join(SIGNING_KEY);
        let path: &Path = match &self.signing_key {
            Some(path) => path,
            None if beside.exists() => &beside,
            None => return Ok(None),
        };
        let text = open_private(path, &self.directory)
            .and_then(read_text)
            .map_err(|error| Error::storage("the signing key cannot be read", error))?;
        let key = SigningKey::from_text(&text);
        key.map(Some).ok_or(Error::configuration("the file of the signing key holds none"))
    }
}

impl std::fmt::Debug for AuditBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
