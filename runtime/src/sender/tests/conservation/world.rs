//! A spool, a sender that is driven step by step, and a destination that keeps the book.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;

use super::{Outcome, Step};
use crate::sender::contract::{Quota, QuotaStatus};
use crate::sender::tests::{event, id};
use crate::sender::worker::{Next, Progress, Worker};
use crate::sender::*;
use crate::spool::{Faults, FaultyDisk, ManualClock, Signal, Tally};

/// What the destination knows.
#[derive(Default)]
struct Book {
    answers: VecDeque<Outcome>,
    /// Events of batches that it said yes to.
    taken: HashSet<String>,
    /// Of this process: delivered and rejected.
    delivered: u64,
    rejected: u64,
    /// Whether an event was taken a second time.
    doubled: u64,
}

struct Keeper(Arc<Mutex<Book>>);

impl Destination for Keeper {
    fn name(&self) -> &str {
        "keeper"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        assert!(batch.stats().is_balanced() && !batch.is_empty());
        let mut book = self.0.lock().unwrap();
        let ack = match book.answers.pop_front().unwrap_or(Outcome::Unreachable) {
            Outcome::Yes => Ack::all(),
            Outcome::Rejected(count) => Ack::all().with_rejected(count),
            Outcome::HardLimit => Ack::all().with_quota(Quota::new(QuotaStatus::HardLimit)),
            Outcome::Status(status) => return Err(SendError::status(status)),
            Outcome::RetryAfter(seconds) => {
                return Err(SendError::status(429).with_retry_after(Duration::from_secs(seconds)));
            }
            Outcome::Unreachable => return Err(SendError::unreachable()),
            Outcome::Panic => {
                drop(book);
                // Not `panic!`, whose hook would fill the log.
                std::panic::resume_unwind(Box::new("a destination that fails"))
            }
        };
        let rejected = ack.rejected().min(batch.len() as u64);
        book.rejected += rejected;
        book.delivered += batch.len() as u64 - rejected;
        for event in batch.events() {
            if !book.taken.insert(id(&event)) {
                book.doubled += 1;
            }
        }
        Ok(ack)
    }
}

pub(super) struct World {
    home: tempfile::TempDir,
    clock: Arc<ManualClock>,
    faults: Arc<Faults>,
    book: Arc<Mutex<Book>>,
    spool: Arc<Spool>,
    worker: Option<Worker>,
    signal: Signal,
    had_faults: bool,
    /// Events of all processes, and of this one.
    captured: (u64, u64),
    /// Given up by processes that are gone, or in the memory of one that was killed.
    dropped_before: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let (faults, book) = (Arc::<Faults>::default(), Arc::<Mutex<Book>>::default());
        let worker = worker(home.path(), &clock, &faults, &book);
        Self {
            home,
            clock,
            faults,
            book,
            spool: Arc::clone(&worker.spool),
            worker: Some(worker),
            signal: Signal::default(),
            had_faults: false,
            captured: (0, 0),
            dropped_before: 0,
        }
    }

    pub(super) fn apply(&mut self, step: Step) {
        match step {
            Step::Capture(count) => {
                for _ in 0..count {
                    self.spool.append(&event(self.captured.0));
                    self.count(1);
                }
            }
            Step::Sample(count) => {
                (0..count).for_each(|_| self.spool.count_dropped(DropReason::Sampled));
                self.count(count.into());
            }
            Step::Answer(answers) => self.book.lock().unwrap().answers.extend(answers),
            Step::Advance(millis) => self.clock.advance(Duration::from_millis(millis)),
            Step::Work => self.work(),
            Step::Flush => {
                self.signal.flushes += 1;
                self.work();
            }
            Step::Shutdown => {
                self.signal.flushes += 1;
                self.work();
                self.spool.close();
                self.worker = None;
                self.spool.release();
            }
            Step::Kill => self.restart(),
            Step::DiskFull(on) => self.break_disk(on, |faults| &faults.full),
            Step::ShortWrites(on) => self.break_disk(on, |faults| &faults.short_writes),
            Step::NoCut(on) => self.break_disk(on, |faults| &faults.no_cut),
            Step::FailReads(count) => {
                self.had_faults |= count > 0;
                self.faults.failing_reads.store(count.into(), Ordering::Relaxed);
            }
        }
    }

    fn count(&mut self, events: u64) {
        self.captured = (self.captured.0 + events, self.captured.1 + events);
    }

    fn break_disk(&mut self, on: bool, fault: impl Fn(&Faults) -> &std::sync::atomic::AtomicBool) {
        self.had_faults |= on;
        fault(&self.faults).store(on, Ordering::Relaxed);
    }

    /// Lets the sender work until it wants to wait.
    fn work(&mut self) {
        for _ in 0..10_000 {
            let Some(worker) = &mut self.worker else { return };
            let next = worker.step(self.signal);
            self.check();
            if matches!(next, Next::Wait(..)) {
                return;
            }
        }
        panic!("the sender does not come to rest");
    }

    /// The process is killed, if it has not ended before, and the next one begins.
    fn restart(&mut self) {
        self.dropped_before += dropped(&self.spool.stats()) + self.spool.at_risk();
        self.captured.1 = 0;
        let mut book = self.book.lock().unwrap();
        (book.delivered, book.rejected) = (0, 0);
        drop(book);
        self.worker = None;
        self.signal = Signal::default();
        // The lock on its segments goes with the process.
        self.spool.release();
        let worker = worker(self.home.path(), &self.clock, &self.faults, &self.book);
        self.spool = Arc::clone(&worker.spool);
        self.worker = Some(worker);
    }

    /// captured = delivered + spooled + dropped, and both ends are what they really were.
    pub(super) fn check(&self) {
        let stats = self.spool.stats();
        let (own, adopted) = (stats.own(), stats.adopted());
        for tally in [own, adopted] {
            let sum = tally.delivered() + tally.spooled() + tally.dropped_total();
            assert_eq!(tally.captured(), sum, "{stats:?}");
        }
        assert_eq!(own.captured(), self.captured.1, "{stats:?}");
        let book = self.book.lock().unwrap();
        assert_eq!(own.delivered() + adopted.delivered(), book.delivered, "{stats:?}");
        let rejected = |tally: &Tally| tally.dropped(DropReason::Rejected);
        assert_eq!(rejected(own) + rejected(adopted), book.rejected, "{stats:?}");
    }

    /// The faults end and the service says yes to all: nothing that is spooled is out of reach.
    pub(super) fn finish(mut self) {
        for fault in [&self.faults.full, &self.faults.short_writes, &self.faults.no_cut] {
            fault.store(false, Ordering::Relaxed);
        }
        self.faults.failing_reads.store(0, Ordering::Relaxed);
        if self.worker.is_none() {
            self.restart();
        }
        for _ in 0..200 {
            let yes = std::iter::repeat_n(Outcome::Yes, 1_000);
            self.book.lock().unwrap().answers = yes.collect();
            self.clock.advance(Duration::from_secs(3_601));
            self.work();
            let stats = self.spool.stats();
            if stats.own().spooled() + stats.adopted().spooled() == 0 {
                break;
            }
        }
        let stats = self.spool.stats();
        assert_eq!((stats.own().spooled(), stats.adopted().spooled()), (0, 0), "{stats:?}");
        let book = self.book.lock().unwrap();
        let found = book.taken.len() as u64 + self.dropped_before + dropped(&stats);
        // A disk that refuses an acknowledgement may lead to a second delivery, never to a loss that
        // is not counted.
        assert!(found >= self.captured.0, "{found} of {}: {stats:?}", self.captured.0);
        if !self.had_faults {
            // Over all processes: each event was taken once, or dropped once.
            assert_eq!((found, book.doubled), (self.captured.0, 0), "{stats:?}");
        }
    }
}

/// Events that were given up without the destination having said yes to them.
fn dropped(stats: &Stats) -> u64 {
    let lost = |tally: &Tally| tally.dropped_total() - tally.dropped(DropReason::Rejected);
    lost(stats.own()) + lost(stats.adopted())
}

fn worker(
    home: &std::path::Path,
    clock: &Arc<ManualClock>,
    faults: &Arc<Faults>,
    book: &Arc<Mutex<Book>>,
) -> Worker {
    let settings = Settings {
        directory: Some(home.join("spool")),
        max_bytes: 32 * 1024,
        memory_max_bytes: 4096,
        keep_delivered: false,
        owner: Default::default(),
        common: b"\"server_name\":\"docs\"".as_slice().into(),
    };
    let disk = Arc::new(FaultyDisk { faults: Arc::clone(faults) });
    let mut turn = 0;
    Worker {
        spool: Arc::new(Spool::new(disk, clock.clone(), settings)),
        clock: clock.clone(),
        destination: Box::new(Keeper(Arc::clone(book))),
        limits: Limits { max_events: 20, max_bytes: 1 << 12 },
        cadence: Cadence { max_batch_size: 20, flush_interval: Duration::from_secs(1) },
        quota: Arc::default(),
        on_quota: None,
        on_error: None,
        random: Box::new(move || {
            turn += 1;
            f64::from(turn % 10 + 1) / 10.0
        }),
        progress: Progress::default(),
    }
}
