//! Stand-in.
#![allow(dead_code, missing_docs, reason = "stand-in")]
use std::{path::{Path, PathBuf}, sync::Arc, time::Duration};
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery { pub delivered: u64, pub spooled: u64, pub dropped: u64 }
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats { pub captured: u64 }
#[derive(Clone, Copy, Debug)]
pub struct Quota;
pub enum DropReason { Sampled }
pub(crate) mod sampling { pub(crate) fn keep(k: u64, r: f64, e: bool, q: ()) -> Option<f64> { Some(1.0) } }
#[derive(Default)]
pub(crate) struct PipelineConfig {
    pub(crate) directory: Option<PathBuf>, pub(crate) durability: crate::Durability, pub(crate) spool_max_bytes: u64,
    pub(crate) max_batch_size: usize, pub(crate) flush_interval: Duration, pub(crate) destination: Option<Box<dyn crate::Destination>>,
    pub(crate) keep_delivered: bool, pub(crate) common_fragment: Vec<u8>,
    pub(crate) on_quota_warning: Option<Arc<dyn Fn(&Quota) + Send + Sync>>,
    pub(crate) on_error: Option<Arc<dyn Fn(&crate::Error) + Send + Sync>>, pub(crate) debug: bool,
}
pub(crate) struct Pipeline(std::sync::atomic::AtomicU64);
impl Pipeline {
    pub(crate) fn start(c: PipelineConfig) -> Result<Self, crate::Error> { Ok(Self(Default::default())) }
    pub(crate) fn append(&self, p: &[u8]) { self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed); if std::env::var_os("TW_PRINT").is_some() { eprintln!("{}", String::from_utf8_lossy(p)); } }
    pub(crate) fn count_dropped(&self, r: DropReason) {}
    pub(crate) fn flush(&self, t: Duration) -> Delivery { Delivery::default() }
    pub(crate) fn shutdown(&self, t: Duration) -> Delivery { Delivery::default() }
    pub(crate) fn stats(&self) -> Stats { Stats { captured: self.0.load(std::sync::atomic::Ordering::Relaxed) } }
    pub(crate) fn quota_status(&self) -> Option<Quota> { None }
    pub(crate) fn quota_state(&self) {}
    pub(crate) fn directory(&self) -> Option<&Path> { None }
}
