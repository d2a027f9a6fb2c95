//! The settings of a pipeline.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::contract::{Destination, Quota};
use crate::Error;
use crate::spool::{Clock, Disk, Owner, RealDisk, SystemClock};

/// Where events wait until they are delivered.
///
/// ```
/// assert_eq!(toolwatch::Durability::default(), toolwatch::Durability::Spool);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// On disk: events survive a SIGKILL. Memory is the fallback when there is no disk.
    #[default]
    Spool,
    /// In memory: no file is made, and events that wait are lost with the process.
    Memory,
}

/// Called on the sender's thread when the quota's status has changed.
pub(crate) type OnQuota = Arc<dyn Fn(&Quota) + Send + Sync>;
/// Called when the operator should know of something, once per episode.
pub(crate) type OnError = Arc<dyn Fn(&Error) + Send + Sync>;

/// The settings of a pipeline.
pub(crate) struct PipelineConfig {
    /// Where the spool is; none falls back to memory.
    pub(crate) directory: Option<PathBuf>,
    /// Where events wait.
    pub(crate) durability: Durability,
    /// Bytes of all segments in the directory. Default: 64 MiB.
    pub(crate) spool_max_bytes: u64,
    /// Bytes of the memory queue. Default: 8 MiB.
    pub(crate) memory_max_bytes: usize,
    /// Events of a batch. Default: 50.
    pub(crate) max_batch_size: usize,
    /// Bytes of a batch's events. Default: 512 KiB.
    pub(crate) max_batch_bytes: usize,
    /// How long events wait for company. Default: 1 s.
    pub(crate) flush_interval: Duration,
    /// Where batches go; none keeps the spool as a local record.
    pub(crate) destination: Option<Box<dyn Destination>>,
    /// Whether delivered segments stay as a local record until the cap evicts them.
    pub(crate) keep_delivered: bool,
    /// For whom the events wait, and where else some may be. Default: nobody in particular.
    pub(crate) owner: Owner,
    /// The JSON members that all events of this process share, without braces.
    pub(crate) common_fragment: Vec<u8>,
    /// Called on the sender's thread when the quota's status has changed to one that is not `Ok`.
    pub(crate) on_quota_warning: Option<OnQuota>,
    /// Called when the operator should know of something, once per episode.
    pub(crate) on_error: Option<OnError>,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Keeps the files.
    pub(crate) disk: Arc<dyn Disk>,
}

impl Default for PipelineConfig {
    fn default() -> Self {
        Self {
            directory: None,
            durability: Durability::Spool,
            spool_max_bytes: 64 * 1024 * 1024,
            memory_max_bytes: 8 * 1024 * 1024,
            max_batch_size: 50,
            max_batch_bytes: 512 * 1024,
            flush_interval: Duration::from_secs(1),
            destination: None,
            keep_delivered: false,
            owner: Owner::default(),
            common_fragment: Vec::new(),
            on_quota_warning: None,
            on_error: None,
            clock: Arc::new(SystemClock::default()),
            disk: Arc::new(RealDisk),
        }
    }
}
