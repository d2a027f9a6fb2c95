//! A log in a directory of its own, a clock set by hand, a disk that fails on demand, and both
//! verifiers.

mod attacks;
mod behaviour;
mod bytes;
mod honest;
mod hostile;
mod kill;
mod notes;
mod python;
mod start;
mod theft;
mod vectors;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::*;
use crate::spool::{Clock, Disk as _, Faults, FaultyDisk, RealDisk, Writes};
use tempfile::TempDir;

/// Two hands that are turned by hand; the wall's may go back.
#[derive(Default)]
pub(super) struct Hands {
    elapsed: Mutex<Duration>,
    jump_secs: AtomicI64,
}

impl Hands {
    pub(super) fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap() += by;
    }

    pub(super) fn jump(&self, secs: i64) {
        self.jump_secs.fetch_add(secs, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Duration {
        *self.elapsed.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        let secs = 1_795_000_000 + self.jump_secs.load(Ordering::Relaxed);
        SystemTime::UNIX_EPOCH + Duration::from_secs(secs.max(0) as u64) + self.now()
    }
}

/// A log, its keys, and what its writers share.
pub(super) struct World {
    pub(super) home: TempDir,
    pub(super) key: VerificationKey,
    pub(super) clock: Arc<Hands>,
    pub(super) faults: Arc<Faults>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_key(keygen_signed)
    }

    pub(super) fn with_key(keygen: fn(&Path) -> Result<VerificationKey, Error>) -> Self {
        // Where there is memory with the names of files, the many syncs cost nothing.
        let memory = Path::new("/dev/shm");
        let home = match tempfile::tempdir_in(memory) {
            Ok(home) => home,
            Err(_) => tempfile::tempdir().unwrap(),
        };
        let key = keygen(&home.path().join("log")).unwrap();
        Self::with(home, key)
    }

    fn with(home: TempDir, key: VerificationKey) -> Self {
        std::fs::write(home.path().join("key"), key.to_text()).unwrap();
        let faults = Faults { meets_owners: true.into(), ..Faults::default() };
        Self { home, key, clock: Arc::default(), faults: Arc::new(faults) }
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    pub(super) fn published(&self) -> PathBuf {
        self.home.path().join("checkpoints")
    }

    pub(super) fn builder(&self) -> AuditBuilder {
        let disk = FaultyDisk { faults: Arc::clone(&self.faults) };
        let clock = Arc::clone(&self.clock);
        Audit::builder(self.log())
            .checkpoint_file(self.published())
            .world(Arc::new(disk), clock)
            .on_error(|_| {})
    }

    pub(super) fn start(&self) -> Audit {
        self.builder().build().unwrap()
    }

    /// Leaves everything as a killed process does, and the next start finds it so.
    pub(super) fn kill(&self, audit: Audit) {
        let writer_id = audit.writer_id();
        audit.kill();
        self.wait_for_locks(writer_id);
    }

    /// Closes the lane, and the next start finds it so.
    pub(super) fn close(&self, audit: Audit) {
        let writer_id = audit.writer_id();
        drop(audit);
        self.wait_for_locks(writer_id);
    }

    /// A process that another test begins meanwhile is a copy of this one until it has become its own
    /// program, and keeps the lock of each file that was open.
    fn wait_for_locks(&self, writer_id: u32) {
        let segments = (0..).map(|segment| self.segment(writer_id, segment));
        for path in segments.take_while(|path| path.exists()) {
            let began = Instant::now();
            loop {
                if let Some(file) = RealDisk.adopt(&path, Writes::AtTheEnd).unwrap() {
                    file.unlock();
                    break;
                }
                assert!(began.elapsed() < Duration::from_secs(60), "{}", path.display());
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// With the published checkpoints, when there are any.
    pub(super) fn verify(&self) -> Report {
        let verifier = Verifier::new(&self.key);
        let published = self.published();
        let verifier = if published.exists() { verifier.checkpoints(published) } else { verifier };
        verifier.verify(&self.log()).unwrap()
    }

    #[track_caller]
    pub(super) fn check_intact(&self) -> Report {
        let report = self.verify();
        assert_eq!(report.verdict(), Verdict::Intact, "{:?}", report.damages());
        report
    }

    pub(super) fn segment(&self, writer_id: u32, segment: u32) -> PathBuf {
        self.log().join(lane::segment_name(writer_id, segment))
    }
}

impl Audit {
    /// What the thread would do now.
    pub(super) fn tick(&self) {
        ticker::tick(&self.0.writer, &mut self.0.writer.lock());
        self.0.writer.publish().ok();
    }

    /// Leaves everything as a killed process does: no close record, the lock let go, at last with
    /// the last copy of its file ([`World::kill`]).
    pub(super) fn kill(self) {
        self.0.writer.abandon();
    }

    /// The key that a thief would find in memory now.
    pub(super) fn stolen_key(&self) -> key::EpochKey {
        self.0.writer.lock().lane.key().clone()
    }
}

pub(super) fn body(number: u64) -> Vec<u8> {
    let id = format!("{number:08x}-0000-7000-8000-000000000000");
    format!("{{\"event_id\":\"{id}\",\"outcome\":\"ok\",\"n\":{number},\"s\":\"a b\"}}")
        .into_bytes()
}

pub(super) fn append(audit: &Audit, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| audit.append(&body(number)));
}

/// How much larger the suites are than by default.
pub(super) fn scale() -> u64 {
    std::env::var("TOOLWATCH_TEST_SCALE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
