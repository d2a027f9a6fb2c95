//! A watched server in the suite's own process, with a receiver, for faults that are not the whole
//! process's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use toolwatch::testing::Receiver;
use toolwatch::{Watch, WatchBuilder};
use toolwatch_tests::observed::offline;
use toolwatch_tests::server::watched;

use crate::row::{self, Fault, Numbers};
use crate::session::{Session, twin};

/// How long a flush may take that should end earlier.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The server, its watch, its client and where its events go.
pub(crate) struct Here {
    pub(crate) name: &'static str,
    pub(crate) watch: Watch,
    pub(crate) session: Session,
    pub(crate) receiver: Receiver,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) fault: Arc<Fault>,
    rounds: usize,
    faults_before: u64,
}

/// The methods that a round of calls brings along, and that are no part of it.
pub(crate) const OTHER_METHODS: [&str; 3] =
    ["initialize", "notifications/initialized", "tools/list"];

impl Here {
    /// A server whose events go over HTTP to a receiver, with these settings besides.
    pub(crate) async fn start(
        name: &'static str,
        set: impl FnOnce(WatchBuilder, Arc<Fault>) -> WatchBuilder,
    ) -> Self {
        Self::start_with(name, |builder, fault, endpoint| {
            set(builder.endpoint(endpoint).api_key("key"), fault)
        })
        .await
    }

    /// The same with a destination of the test's own, or another endpoint.
    pub(crate) async fn start_with(
        name: &'static str,
        set: impl FnOnce(WatchBuilder, Arc<Fault>, String) -> WatchBuilder,
    ) -> Self {
        row::keep_quiet();
        let receiver = Receiver::start().expect("a receiver");
        let directory = tempfile::tempdir().expect("a directory");
        let fault = Arc::<Fault>::default();
        let builder = offline()
            .directory(directory.path().join("spool"))
            .flush_interval(Duration::from_millis(20))
            // A request that was answered, if late, must not be sent again.
            .http_timeout(PATIENCE)
            .skip_methods(OTHER_METHODS)
            .on_error(|_| {});
        let watch = set(builder, Arc::clone(&fault), receiver.endpoint()).build().expect("a watch");
        let faults_before = watch.stats().capture_faults;
        let session = Session::with(watch.wrap(watched::Server)).await;
        Self { name, watch, session, receiver, directory, fault, rounds: 0, faults_before }
    }

    pub(crate) async fn rounds(&mut self, count: usize) {
        self.rounds += count;
        self.session.rounds(count).await;
    }

    /// A round before the fault, two while it is there, and one after it.
    pub(crate) async fn suffer(&mut self) {
        self.suffer_until(|_| true).await;
    }

    /// The same, where the fault stays until the numbers show it: the sender's thread meets it when
    /// that thread runs, and not with a call.
    pub(crate) async fn suffer_until(&mut self, shows: impl Fn(&Numbers) -> bool) {
        self.rounds(1).await;
        self.watch.flush(PATIENCE);
        self.fault.begin();
        self.rounds(2).await;
        let deadline = Instant::now() + PATIENCE;
        while !shows(&self.numbers()) {
            assert!(Instant::now() < deadline, "{}: the fault is met", self.name);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.fault.end();
        self.rounds(1).await;
    }

    /// The numbers by now. Of the losses of the whole process only those since the start.
    pub(crate) fn numbers(&self) -> Numbers {
        let mut stats = self.watch.stats();
        stats.capture_faults -= self.faults_before;
        Numbers::of(&stats)
    }

    /// Flushes, prints the line, and holds what every fault must keep.
    pub(crate) async fn check(&self) -> Numbers {
        self.watch.flush(PATIENCE);
        self.check_now().await
    }

    /// The same without flushing.
    pub(crate) async fn check_now(&self) -> Numbers {
        let numbers = self.numbers();
        let equal = self.session.bytes() == twin(self.rounds).await;
        let Session { calls, failed, .. } = self.session;
        row::print(self.name, calls, failed, equal, &numbers);
        numbers
    }

    /// The same, where each call has an event and the receiver got them all, once.
    pub(crate) async fn check_delivered(&self) -> Numbers {
        let numbers = self.check().await;
        let calls = self.session.calls as u64;
        assert_eq!(numbers.get("captured"), calls, "{}: each call has an event", self.name);
        assert_eq!(numbers.get("delivered"), calls, "{}: it recovers", self.name);
        let mut ids = self.receiver.event_ids();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as u64, calls, "{}: the receiver has them all", self.name);
        numbers
    }
}
