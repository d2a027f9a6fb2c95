//! A machine in memory, processes with callers on it, and a destination that keeps the book.

use std::collections::BTreeMap;
use std::time::SystemTime;

use shuttle::rand::Rng;
use shuttle::thread::{JoinHandle, spawn, yield_now};

use crate::sender::contract::{Ack, Batch, Destination, SendError};
use crate::sender::*;
use crate::spool::{Dice, Machine, Tally, Verdict};
use crate::sync::model;

/// Longer than any schedule lasts.
pub(super) const LONG: Duration = Duration::from_secs(1_000_000);

/// The time of the model.
struct ModelClock;

impl Clock for ModelClock {
    fn now(&self) -> Duration {
        model::elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.now()
    }
}

/// How the destination answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Yes.
    Yes,
    /// Whatever it likes.
    Mixed,
    /// Yes, once the gate is open.
    BehindGate,
}

/// What the destination has taken; how often each event.
type Book = Arc<std::sync::Mutex<BTreeMap<u64, u32>>>;

/// How a process is set up.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) answers: Answers,
    pub(super) durability: Durability,
    pub(super) max_bytes: u64,
    pub(super) memory_max_bytes: usize,
    /// Bytes of an event at least.
    pub(super) padding: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            answers: Answers::Yes,
            durability: Durability::Spool,
            max_bytes: 1 << 20,
            memory_max_bytes: 1 << 16,
            padding: 0,
        }
    }
}

pub(super) struct World {
    machine: Machine,
    book: Book,
    /// Events that callers have handed over, in all processes.
    captured: Arc<std::sync::Mutex<Vec<u64>>>,
    gate: Arc<(Mutex<bool>, sync::Condvar)>,
}

/// A pipeline, as its callers see it.
#[derive(Clone)]
pub(super) struct Process {
    pub(super) pipeline: Arc<Pipeline>,
    captured: Arc<std::sync::Mutex<Vec<u64>>>,
    padding: usize,
    /// How an event is appended; a fault may be planted here.
    append: fn(&Pipeline, &[u8]),
}

fn event(number: u64, outcome: &str, padding: usize) -> Vec<u8> {
    let padding = "x".repeat(padding);
    format!("{{\"event_id\":\"{number}\",\"outcome\":\"{outcome}\",\"padding\":\"{padding}\"}}")
        .into_bytes()
}

fn number_of(event: &[u8]) -> u64 {
    let text = std::str::from_utf8(event).unwrap();
    assert!(text.contains("\"ok\""), "a call that has ended was reported as interrupted: {text}");
    text.split('"').nth(3).unwrap().parse().unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        model::restart();
        Self {
            machine: Machine::new(Dice(1)),
            book: Book::default(),
            captured: Arc::default(),
            gate: Arc::new((Mutex::new(false), sync::Condvar::new())),
        }
    }

    /// Starts a process.
    pub(super) fn start(&self, setup: Setup) -> Process {
        let destination = Keeper {
            book: Arc::clone(&self.book),
            answers: setup.answers,
            gate: Arc::clone(&self.gate),
        };
        let config = PipelineConfig {
            directory: Some("/sim/spool".into()),
            durability: setup.durability,
            spool_max_bytes: setup.max_bytes,
            memory_max_bytes: setup.memory_max_bytes,
            max_batch_size: 3,
            destination: Some(Box::new(destination)),
            clock: Arc::new(ModelClock),
            disk: Arc::new(self.machine.start()),
            ..PipelineConfig::default()
        };
        Process {
            pipeline: Arc::new(Pipeline::start(config).unwrap()),
            captured: Arc::clone(&self.captured),
            padding: setup.padding,
            append: |pipeline, payload| pipeline.append(payload),
        }
    }

    pub(super) fn open_gate(&self) {
        *self.gate.0.lock().unwrap() = true;
        self.gate.1.notify_all();
    }

    pub(super) fn fill_disk(&self) {
        self.machine.set_full(true);
    }

    pub(super) fn free_disk(&self) {
        self.machine.set_full(false);
    }

    /// How many events the destination has taken.
    pub(super) fn taken(&self) -> u64 {
        self.book.lock().unwrap().len() as u64
    }

    /// Ends a process that has been shut down, and checks its account.
    pub(super) fn end(&self, process: Process) -> Tally {
        process.check(&mut Seen::default());
        while !process.pipeline.spool.signal().ended {
            yield_now();
        }
        process.pipeline.spool.release();
        let stats = process.pipeline.stats();
        assert_eq!((stats.panics, stats.is_balanced()), (0, true), "{stats:?}");
        *stats.own()
    }

    /// Lets one more process find what is left. Together with what was taken these are all events
    /// that were handed over but for `dropped`, each once.
    pub(super) fn finish(self, dropped: u64) {
        let mut found = self.book.lock().unwrap().clone();
        let settings = Settings {
            directory: Some("/sim/spool".into()),
            max_bytes: 1 << 24,
            memory_max_bytes: 0,
            keep_delivered: false,
            owner: Default::default(),
            common: Arc::from([]),
        };
        let next = Spool::new(Arc::new(self.machine.start()), Arc::new(ModelClock), settings);
        while next.adopt_orphans() {}
        let limits = Limits { max_events: 100, max_bytes: 1 << 20 };
        while let Some(mut claim) = next.claim(limits, true) {
            for payload in claim.payloads(usize::MAX) {
                *found.entry(number_of(payload)).or_default() += 1;
            }
            let len = claim.len();
            next.settle(&mut claim, len, Verdict::Delivered { rejected: 0 });
        }
        next.adopt_orphans();
        let captured = std::mem::take(&mut *self.captured.lock().unwrap());
        assert!(found.values().all(|&times| times == 1), "doubled: {found:?}");
        assert!(found.keys().all(|number| captured.contains(number)), "made up: {found:?}");
        assert_eq!(found.len() as u64 + dropped, captured.len() as u64, "lost: {found:?}");
        assert_eq!(self.machine.files(), Vec::<PathBuf>::new());
    }
}

/// What a caller saw last: the numbers only grow.
#[derive(Default)]
pub(super) struct Seen {
    captured: u64,
    settled: u64,
}

impl Process {
    /// The process with another way to append.
    pub(super) fn with(self, append: fn(&Pipeline, &[u8])) -> Self {
        Self { append, ..self }
    }

    /// A thread that shuts the process down.
    pub(super) fn ender(&self, timeout: Duration) -> JoinHandle<()> {
        let pipeline = Arc::clone(&self.pipeline);
        spawn(move || {
            pipeline.shutdown(timeout);
        })
    }

    /// One call from its begin to its end.
    pub(super) fn call(&self, number: u64) {
        let begun = self.pipeline.begin(&event(number, "interrupted", 0));
        self.captured.lock().unwrap().push(number);
        (self.append)(&self.pipeline, &event(number, "ok", self.padding));
        if let Some(begun) = begun {
            self.pipeline.end(begun);
        }
    }

    /// A thread that makes calls, and looks at the numbers in between.
    pub(super) fn caller(&self, numbers: std::ops::Range<u64>) -> JoinHandle<()> {
        let process = self.clone();
        spawn(move || {
            let mut seen = Seen::default();
            for number in numbers {
                process.call(number);
                process.check(&mut seen);
            }
        })
    }

    /// The account is in balance, and no number goes back.
    pub(super) fn check(&self, seen: &mut Seen) {
        let stats = self.pipeline.stats();
        assert!(stats.is_balanced(), "{stats:?}");
        let own = stats.own();
        let now = Seen { captured: own.captured(), settled: own.delivered() + own.dropped_total() };
        assert!(now.captured >= seen.captured && now.settled >= seen.settled, "{stats:?}");
        *seen = now;
    }
}

/// A destination that is not always there.
struct Keeper {
    book: Book,
    answers: Answers,
    gate: Arc<(Mutex<bool>, sync::Condvar)>,
}

impl Destination for Keeper {
    fn name(&self) -> &str {
        "keeper"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        yield_now();
        // The sender contains a panic and counts it; the end of the process finds the count.
        assert!(batch.stats().is_balanced() && !batch.is_empty());
        if self.answers == Answers::BehindGate {
            let (open, changed) = &*self.gate;
            let mut open = open.lock().unwrap();
            while !*open {
                open = changed.wait_timeout(open, LONG).unwrap().0;
            }
        }
        if self.answers == Answers::Mixed {
            match shuttle::rand::thread_rng().gen_range(0..8) {
                0 => return Err(SendError::status(503)),
                1 => return Err(SendError::unreachable()),
                2 => return Err(SendError::status(429).with_retry_after(LONG)),
                _ => {}
            }
        }
        let mut book = self.book.lock().unwrap();
        for event in batch.events() {
            *book.entry(number_of(&event)).or_default() += 1;
        }
        drop(book);
        yield_now();
        Ok(Ack::all())
    }
}
