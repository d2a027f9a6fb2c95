//! A disk that fails on demand.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::spool::disk::{Disk, DiskFile, Writes};
use crate::spool::files::RealDisk;
use crate::spool::scan::ReadAt;

/// How long a lock may outlive the one who held it: a program that another test of this process
/// just starts has copies of all open files until it runs.
const COPIES_LAST: Duration = Duration::from_secs(1);

/// A real disk that refuses when it is told to.
#[derive(Default)]
pub(crate) struct FaultyDisk {
    pub(crate) faults: Arc<Faults>,
}

/// What a faulty disk refuses at present.
#[derive(Default)]
pub(crate) struct Faults {
    /// Writes take only the first half.
    pub(crate) short_writes: AtomicBool,
    /// Writes fail.
    pub(crate) full: AtomicBool,
    /// Cutting back fails.
    pub(crate) no_cut: AtomicBool,
    /// Syncs fail.
    pub(crate) no_sync: AtomicBool,
    /// Syncs do not come back.
    pub(crate) hanging_sync: AtomicBool,
    /// Syncs of files that were asked for.
    pub(crate) syncs: AtomicI64,
    /// So many reads fail.
    pub(crate) failing_reads: AtomicI64,
    /// Segments that were asked for to take them over.
    pub(crate) adoptions: AtomicI64,
    /// Nothing can be removed.
    pub(crate) no_remove: AtomicBool,
    /// Acknowledgements cannot be opened for writing.
    pub(crate) no_ack: AtomicBool,
    /// Acknowledgements cannot be opened for reading.
    pub(crate) no_ack_open: AtomicBool,
    /// Acknowledgements cannot be read.
    pub(crate) no_ack_read: AtomicBool,
    /// A lock that is held counts as held, whether by a copy or not: files of several owners that
    /// live.
    pub(crate) meets_owners: AtomicBool,
}

struct FaultyFile {
    file: Arc<dyn DiskFile>,
    is_ack: bool,
    faults: Arc<Faults>,
}

impl FaultyDisk {
    fn wrap(&self, file: Arc<dyn DiskFile>, is_ack: bool) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile { file, is_ack, faults: Arc::clone(&self.faults) })
    }
}

fn is_ack(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "ack")
}

fn full() -> std::io::Error {
    std::io::ErrorKind::StorageFull.into()
}

impl Disk for FaultyDisk {
    fn prepare(&self, directory: &Path) -> std::io::Result<bool> {
        RealDisk.prepare(directory)
    }

    fn check(&self, directory: &Path) -> std::io::Result<()> {
        RealDisk.check(directory)
    }

    fn list(&self, directory: &Path) -> std::io::Result<Vec<(String, u64)>> {
        RealDisk.list(directory)
    }

    fn create(&self, path: &Path, writes: Writes) -> std::io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(RealDisk.create(path, writes)?, false))
    }

    fn adopt(&self, path: &Path, writes: Writes) -> std::io::Result<Option<Arc<dyn DiskFile>>> {
        if is_ack(path) && self.faults.no_ack_open.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("injected"));
        }
        self.faults.adoptions.fetch_add(i64::from(!is_ack(path)), Ordering::Relaxed);
        let deadline = Instant::now() + COPIES_LAST;
        let mut adopted = RealDisk.adopt(path, writes)?;
        let waits = !self.faults.meets_owners.load(Ordering::Relaxed);
        while waits && adopted.is_none() && path.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
            adopted = RealDisk.adopt(path, writes)?;
        }
        Ok(adopted.map(|file| self.wrap(file, is_ack(path))))
    }

    fn peruse(&self, path: &Path) -> std::io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(RealDisk.peruse(path)?, false))
    }

    fn open_ack(&self, path: &Path) -> std::io::Result<Arc<dyn DiskFile>> {
        let refuses = [&self.faults.full, &self.faults.no_ack];
        match refuses.iter().any(|fault| fault.load(Ordering::Relaxed)) {
            true => Err(full()),
            false => RealDisk.open_ack(path),
        }
    }

    fn remove(&self, path: &Path) -> std::io::Result<()> {
        match self.faults.no_remove.load(Ordering::Relaxed) {
            true => Err(std::io::ErrorKind::PermissionDenied.into()),
            false => RealDisk.remove(path),
        }
    }

    fn sync_directory(&self, directory: &Path) -> std::io::Result<()> {
        RealDisk.sync_directory(directory)
    }
}

impl ReadAt for FaultyFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        let no_ack = self.is_ack && self.faults.no_ack_read.load(Ordering::Relaxed);
        if no_ack || self.faults.failing_reads.fetch_sub(1, Ordering::Relaxed) > 0 {
            return Err(std::io::Error::other("injected"));
        }
        self.file.read_at(offset, into)
    }
}

impl DiskFile for FaultyFile {
    fn append(&self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.faults.full.load(Ordering::Relaxed) {
            return Err(full());
        }
        let short = self.faults.short_writes.load(Ordering::Relaxed);
        self.file.append(if short { &bytes[..bytes.len() / 2] } else { bytes })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        if self.faults.full.load(Ordering::Relaxed) {
            return Err(full());
        }
        if self.faults.short_writes.load(Ordering::Relaxed) {
            self.file.write_at(offset, &bytes[..bytes.len() / 2])?;
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        self.file.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        if self.faults.no_cut.load(Ordering::Relaxed) {
            Err(full())
        } else {
            self.file.set_len(len)
        }
    }

    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }

    fn unlock(&self) {
        self.file.unlock();
    }

    fn sync(&self) -> std::io::Result<()> {
        self.faults.syncs.fetch_add(1, Ordering::Relaxed);
        while self.faults.hanging_sync.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let fails = self.faults.no_sync.load(Ordering::Relaxed);
        if fails { Err(std::io::Error::other("injected")) } else { self.file.sync() }
    }
}
