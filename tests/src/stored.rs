//! What a receiver has stored: every event once by its id, and what it was sent beyond that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;
use toolwatch::local::{Reader, Record};
use toolwatch::testing::{Received, Receiver, Reply};

use crate::oracle::FIRST_CALL;

/// The events of any number of processes.
#[derive(Debug, Default)]
pub struct Stored(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    /// By event id.
    events: HashMap<String, Kept>,
    batches: usize,
    /// Events given up, by reason, as far as any batch told: a lower bound.
    dropped: BTreeMap<String, u64>,
    unbalanced: usize,
}

#[derive(Debug)]
struct Kept {
    name: String,
    /// The call that it is the event of.
    call: Option<u64>,
    /// The batches in which it came.
    batches: Vec<usize>,
}

/// What came twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubles {
    /// Events that came again.
    pub events: usize,
    /// Batches whose events came again: those that were sent and not acknowledged.
    pub batches: usize,
}

#[derive(Deserialize)]
struct Batch {
    report: Report,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Report {
    #[serde(flatten)]
    own: Tally,
    adopted: Option<Tally>,
}

#[derive(Deserialize)]
struct Tally {
    captured: u64,
    delivered: u64,
    spooled: u64,
    dropped: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Event {
    event_id: String,
    event_name: String,
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    request_id: Option<u64>,
}

impl Tally {
    fn is_balanced(&self) -> bool {
        self.captured == self.delivered + self.spooled + self.dropped.values().sum::<u64>()
    }
}

impl Contents {
    /// Stores a batch of events: id, name, id of the request.
    fn keep(&mut self, batch: impl IntoIterator<Item = (String, String, Option<u64>)>) {
        for (id, name, call) in batch {
            let call = call.filter(|&id| id >= FIRST_CALL);
            let empty = Kept { name, call, batches: Vec::new() };
            self.events.entry(id).or_insert(empty).batches.push(self.batches);
        }
        self.batches += 1;
    }

    fn calls(&self) -> impl Iterator<Item = u64> {
        self.events.values().filter_map(|kept| kept.call)
    }
}

impl Stored {
    /// Starts a receiver that takes every batch and stores its events here.
    ///
    /// # Errors
    ///
    /// Fails when no port or thread is to be had.
    pub fn receive() -> io::Result<(Receiver, Arc<Self>)> {
        let (receiver, stored) = (Receiver::start()?, Arc::new(Self::default()));
        let into = Arc::clone(&stored);
        receiver.decide(move |request| into.take(request));
        Ok((receiver, stored))
    }

    fn take(&self, request: &Received) -> Reply {
        // A killed process may have sent a part of a request, which no receiver takes.
        let Ok(batch) = serde_json::from_slice::<Batch>(&request.body()) else {
            return Reply::status(400);
        };
        let mut contents = self.lock();
        for tally in std::iter::once(&batch.report.own).chain(&batch.report.adopted) {
            contents.unbalanced += usize::from(!tally.is_balanced());
            for (reason, &count) in &tally.dropped {
                let most = contents.dropped.entry(reason.clone()).or_default();
                *most = count.max(*most);
            }
        }
        let event = |event: Event| (event.event_id, event.event_name, event.attributes.request_id);
        contents.keep(batch.events.into_iter().map(event));
        Reply::status(202)
    }

    /// Reads the local record of a directory instead.
    ///
    /// # Panics
    ///
    /// When the directory cannot be read.
    #[must_use]
    pub fn read(directory: &Path) -> Self {
        let stored = Self::default();
        for record in Reader::open(directory).expect("the record can be read") {
            stored.keep([record]);
        }
        stored
    }

    /// Stores records that were read.
    pub fn keep(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            let request = record.attributes.others.get("request_id").and_then(Value::as_u64);
            self.lock().keep([(record.event_id, record.event_name, request)]);
        }
    }

    /// Which of these calls have no event.
    #[must_use]
    pub fn missing(&self, calls: &BTreeSet<u64>) -> Vec<u64> {
        let contents = self.lock();
        let have: BTreeSet<u64> = contents.calls().collect();
        calls.difference(&have).copied().collect()
    }

    /// How many events there are, each counted once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events have this name, each counted once.
    #[must_use]
    pub fn named(&self, name: &str) -> usize {
        self.lock().events.values().filter(|kept| kept.name == name).count()
    }

    /// Calls with more than one event id, which no receiver could tell apart.
    #[must_use]
    pub fn calls_with_two_events(&self) -> usize {
        let contents = self.lock();
        let calls: BTreeSet<u64> = contents.calls().collect();
        contents.calls().count() - calls.len()
    }

    /// What was sent more than once.
    #[must_use]
    pub fn doubles(&self) -> Doubles {
        let contents = self.lock();
        let again = || contents.events.values().filter(|kept| kept.batches.len() > 1);
        let batches = again().flat_map(|kept| &kept.batches[..kept.batches.len() - 1]);
        Doubles { events: again().count(), batches: batches.collect::<BTreeSet<_>>().len() }
    }

    /// Asserts that the account of every batch was in balance and that nothing was given up. A torn
    /// tail is a call that was cut off before its reply.
    ///
    /// # Panics
    ///
    /// When it was not.
    pub fn assert_accounts(&self) {
        let contents = self.lock();
        assert_eq!(contents.unbalanced, 0, "reports out of balance");
        let given_up: Vec<_> = contents.dropped.iter().filter(|(why, _)| *why != "torn").collect();
        assert!(given_up.is_empty(), "given up: {given_up:?}");
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
