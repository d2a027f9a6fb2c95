//! What a case runs in: a spool, a sender that is driven step by step, and a destination that keeps
//! the book.

use std::collections::{HashMap, VecDeque};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Act, Answer, Case, QuotaStatus};
use crate::destination::reply;
use crate::sender::tests::event;
use crate::sender::worker::{Next, Progress, Worker};
use crate::sender::*;
use crate::spool::{Faults, FaultyDisk, ManualClock, Signal};

/// What the destination saw.
#[derive(Default)]
struct Book {
    sends: Vec<(u64, Vec<u64>)>,
    /// The bytes of each event at its first attempt.
    bytes: HashMap<u64, Vec<u8>>,
    taken: Vec<u64>,
    faults: Vec<String>,
    told: u64,
    quotas: Vec<QuotaStatus>,
}

struct Keeper {
    clock: Arc<ManualClock>,
    answers: VecDeque<Answer>,
    book: Arc<Mutex<Book>>,
}

impl Destination for Keeper {
    fn name(&self) -> &str {
        "keeper"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let ids = self.keep_book(batch);
        // The answers for sizes and poison hold for all batches; the others are used up.
        let answer = match self.answers.front() {
            Some(Answer::Poison(..) | Answer::TooLarge(..)) => self.answers.front().cloned(),
            _ => self.answers.pop_front(),
        };
        let ack = match answer {
            None => Ok(Ack::all()),
            Some(Answer::Error(error)) => Err(error),
            Some(Answer::Panic) => panic!("a destination that fails"),
            Some(Answer::Poison(status, event)) if ids.contains(&event) => {
                Err(SendError::status(status))
            }
            Some(Answer::TooLarge(status, max)) if ids.len() > max => {
                Err(SendError::status(status))
            }
            Some(Answer::Poison(..) | Answer::TooLarge(..)) => Ok(Ack::all()),
            Some(Answer::Http { status: 200..=299, body, .. }) => {
                Ok(reply::parse(body.as_bytes(), ids.len() as u64))
            }
            Some(Answer::Http { status, headers, .. }) => {
                let mut map = HeaderMap::new();
                for (name, value) in headers {
                    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                    map.append(HeaderName::from_static(name), value);
                }
                Err(reply::refusal(status, &map, self.clock.wall()))
            }
        }?;
        self.book.lock().unwrap().taken.extend(ids);
        Ok(ack)
    }
}

impl Keeper {
    /// Enters an attempt: its moment, its events, and whether they are the same as the last time
    /// and the report is the account.
    fn keep_book(&self, batch: &Batch<'_>) -> Vec<u64> {
        let mut book = self.book.lock().unwrap();
        let mut json = Vec::new();
        batch.write_json(&mut json);
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let own = batch.stats().own();
        let report = &json["report"];
        let dropped = |reason: &DropReason| report["dropped"][reason.as_str()].as_u64();
        let in_report: u64 = DropReason::ALL.iter().filter_map(dropped).sum();
        let numbers = ["captured", "delivered", "spooled"].map(|name| report[name].as_u64());
        let expected = [own.captured(), own.delivered(), own.spooled()].map(Some);
        if numbers != expected || in_report != own.dropped_total() {
            book.faults.push(format!("the loss report is {report}, the account {own:?}"));
        }
        let mut ids = Vec::new();
        for (bytes, value) in batch.events().zip(json["events"].as_array().unwrap()) {
            let id: u64 = value["event_id"].as_str().unwrap().parse().unwrap();
            if *book.bytes.entry(id).or_insert_with(|| bytes.clone()) != bytes {
                book.faults.push(format!("event {id} has changed between two attempts"));
            }
            ids.push(id);
        }
        book.sends.push((self.clock.now().as_millis() as u64, ids.clone()));
        ids
    }
}

pub(super) struct World {
    home: tempfile::TempDir,
    clock: Arc<ManualClock>,
    spool: Arc<Spool>,
    worker: Option<Worker>,
    signal: Signal,
    captured: u64,
    book: Arc<Mutex<Book>>,
    last: Stats,
}

impl World {
    pub(super) fn new(case: &Case) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (clock, book) = (Arc::new(ManualClock::default()), Arc::<Mutex<Book>>::default());
        let directory = (!case.in_memory).then(|| home.path().join("spool"));
        let answers = case.answers.iter().cloned().collect();
        let keeper = Keeper { clock: Arc::clone(&clock), answers, book: Arc::clone(&book) };
        let worker = worker(keeper, directory, case.jitter);
        let (spool, last) = (Arc::clone(&worker.spool), worker.spool.stats());
        let (signal, captured) = (Signal::default(), 0);
        Self { home, clock, spool, worker: Some(worker), signal, captured, book, last }
    }

    /// Runs the clock until nothing is left to happen, or until the case's end.
    pub(super) fn run(&mut self, case: &Case) {
        let mut acts: VecDeque<_> = case.acts.iter().copied().collect();
        loop {
            let now = self.clock.now().as_millis() as u64;
            while let Some(&(_, act)) = acts.front().filter(|(at, _)| *at <= now) {
                acts.pop_front();
                self.act(act);
            }
            let Some(time) = self.rest() else { return };
            let idle = self.spool.stats().own().spooled() == 0;
            if now >= case.until || (idle && acts.is_empty()) {
                return;
            }
            let next = acts.front().map_or(case.until, |(at, _)| *at);
            let upto = (next - now).max(1);
            self.clock.advance(time.min(Duration::from_millis(upto)));
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Capture(count) => {
                for _ in 0..count {
                    self.spool.append(&event(self.captured));
                    self.captured += 1;
                }
            }
            Act::Sample(count) => {
                (0..count).for_each(|_| self.spool.count_dropped(DropReason::Sampled));
            }
            Act::Flush => self.signal.flushes += 1,
            Act::Shutdown => {
                self.signal.flushes += 1;
                self.rest();
                self.spool.close();
                self.worker = None;
                self.spool.release();
            }
            Act::Keep { key, is_error, expect } => {
                let quota = self.worker.as_ref().map(|of| of.quota.status(|| self.clock.wall()));
                let status = quota.unwrap_or_default();
                let weight = keep(key, 1.0, is_error, status);
                if weight != expect {
                    let fault = format!("the weight of {key} is {weight:?}, expected {expect:?}");
                    self.book.lock().unwrap().faults.push(fault);
                }
            }
        }
    }

    /// Steps until the sender wants to wait, and tells for how long; none when it has ended.
    fn rest(&mut self) -> Option<Duration> {
        let worker = self.worker.as_mut()?;
        for _ in 0..10_000 {
            let next = worker.step(self.signal);
            self.last = self.spool.stats();
            if !self.last.is_balanced() {
                let fault = format!("the account is not in balance: {:?}", self.last);
                self.book.lock().unwrap().faults.push(fault);
            }
            if let Next::Wait(time, _) = next {
                return Some(time);
            }
        }
        panic!("the sender does not come to rest");
    }

    pub(super) fn stats(&self) -> Stats {
        self.spool.stats()
    }

    pub(super) fn sends(&self) -> Vec<(u64, Vec<u64>)> {
        self.book.lock().unwrap().sends.clone()
    }

    pub(super) fn told(&self) -> (u64, Vec<QuotaStatus>) {
        let book = self.book.lock().unwrap();
        (book.told, book.quotas.clone())
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.book.lock().unwrap().faults.clone()
    }

    /// The process ends. The next one must find exactly what the account calls spooled.
    pub(super) fn next_process(mut self) -> Vec<String> {
        let left = self.spool.stats().own().spooled();
        self.worker = None;
        let (home, clock) = (self.home.path().join("spool"), Arc::clone(&self.clock));
        let mut taken = std::mem::take(&mut self.book.lock().unwrap().taken);
        if self.spool.directory().is_none() {
            return Vec::new();
        }
        self.spool.release();
        let keeper = Keeper { clock, answers: VecDeque::new(), book: Arc::clone(&self.book) };
        let worker = worker(keeper, Some(home), 1.0);
        (self.spool, self.worker) = (Arc::clone(&worker.spool), Some(worker));
        self.clock.advance(Duration::from_secs(1));
        self.rest();
        let adopted = *self.spool.stats().adopted();
        let mut faults = self.faults();
        if (adopted.captured(), adopted.delivered()) != (left, left) {
            faults.push(format!("{left} were spooled, the next process found {adopted:?}"));
        }
        taken.append(&mut self.book.lock().unwrap().taken);
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        if taken.len() != count {
            faults.push(format!("{count} events were taken, {} of them once", taken.len()));
        }
        faults
    }
}

fn worker(keeper: Keeper, directory: Option<std::path::PathBuf>, jitter: f64) -> Worker {
    let settings = Settings {
        directory,
        max_bytes: 1 << 20,
        memory_max_bytes: 1 << 20,
        keep_delivered: false,
        owner: Default::default(),
        common: b"\"server_name\":\"docs\"".as_slice().into(),
    };
    let clock = Arc::clone(&keeper.clock);
    let disk = Arc::new(FaultyDisk { faults: Arc::new(Faults::default()) });
    let spool = Arc::new(Spool::new(disk, clock.clone(), settings));
    let (telling, warning) = (Arc::clone(&keeper.book), Arc::clone(&keeper.book));
    Worker {
        spool,
        clock,
        destination: Box::new(keeper),
        limits: Limits { max_events: 50, max_bytes: 1 << 19 },
        cadence: Cadence { max_batch_size: 50, flush_interval: Duration::from_secs(1) },
        quota: Arc::default(),
        on_quota: Some(Arc::new(move |quota| {
            warning.lock().unwrap().quotas.push(quota.status());
        })),
        on_error: Some(Arc::new(move |_| telling.lock().unwrap().told += 1)),
        random: Box::new(move || jitter),
        progress: Progress::default(),
    }
}
