//! Whatever happens in whatever order: captured = delivered + spooled + dropped, and what the
//! account calls spooled is really there.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u8),
    DropBeforeEncoding,
    Begin(u8),
    End(u8),
    DieBeforeTheEnd,
    Claim(u8),
    Settle(u8, u8),
    GiveUp(u8),
    DiskFull(bool),
    ShortWrites(bool),
    NoCut(bool),
    NoRemove(bool),
    NoAck(bool),
    FailReads(u8),
    Advance,
    Sync,
    Restart,
    Adopt,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<u8>().prop_map(Step::Append),
        1 => Just(Step::DropBeforeEncoding),
        2 => (1_u8..20).prop_map(Step::Begin),
        2 => (1_u8..20).prop_map(Step::End),
        1 => Just(Step::DieBeforeTheEnd),
        3 => (1_u8..60).prop_map(Step::Claim),
        3 => (0_u8..60, 0_u8..4).prop_map(|(count, rejected)| Step::Settle(count, rejected)),
        1 => (0_u8..60).prop_map(Step::GiveUp),
        1 => any::<bool>().prop_map(Step::DiskFull),
        1 => any::<bool>().prop_map(Step::ShortWrites),
        1 => any::<bool>().prop_map(Step::NoCut),
        1 => any::<bool>().prop_map(Step::NoRemove),
        1 => any::<bool>().prop_map(Step::NoAck),
        1 => (0_u8..5).prop_map(Step::FailReads),
        1 => Just(Step::Advance),
        1 => Just(Step::Sync),
        1 => Just(Step::Restart),
        1 => Just(Step::Adopt),
    ]
}

struct World {
    home: tempfile::TempDir,
    faults: Arc<Faults>,
    clock: Arc<ManualClock>,
    keep: bool,
    spool: Spool,
    claim: Option<Claim>,
    next: u64,
    /// Calls under way.
    begun: Vec<(u64, Begun)>,
    delivered: HashSet<Vec<u8>>,
    had_faults: bool,
    had_no_remove: bool,
    had_notes: bool,
}

impl World {
    fn new(keep: bool) -> Self {
        let (home, faults, clock) = (
            tempfile::tempdir().unwrap(),
            Arc::new(Faults::default()),
            Arc::new(ManualClock::default()),
        );
        let spool = Self::spool(home.path(), &faults, &clock, keep);
        Self {
            home,
            faults,
            clock,
            keep,
            spool,
            claim: None,
            next: 0,
            begun: Vec::new(),
            delivered: HashSet::new(),
            had_faults: false,
            had_no_remove: false,
            had_notes: false,
        }
    }

    fn spool(home: &Path, faults: &Arc<Faults>, clock: &Arc<ManualClock>, keep: bool) -> Spool {
        let disk = Arc::new(FaultyDisk { faults: Arc::clone(faults) });
        let settings = Settings { keep_delivered: keep, ..settings(home, 32 * 1024) };
        Spool::new(disk, Arc::clone(clock) as Arc<dyn Clock>, settings)
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Append(count) => (0..u64::from(count)).for_each(|_| {
                self.spool.append(&payload(self.next));
                self.next += 1;
            }),
            Step::DropBeforeEncoding => self.spool.count_dropped(DropReason::Encode),
            Step::Begin(count) => (0..count).for_each(|_| self.begin()),
            Step::End(count) => (0..count).for_each(|_| {
                if let Some(begun) = self.record_last() {
                    self.spool.end(begun);
                }
            }),
            Step::DieBeforeTheEnd => {
                let _ = self.record_last();
                self.restart();
            }
            Step::Claim(max) => self.claim(usize::from(max)),
            Step::Settle(count, rejected) => {
                self.settle(usize::from(count), Verdict::Delivered { rejected: rejected.into() })
            }
            Step::GiveUp(count) => {
                self.settle(usize::from(count), Verdict::Dropped(DropReason::HttpStatus))
            }
            Step::DiskFull(on) => {
                self.had_faults |= on;
                self.faults.full.store(on, Ordering::Relaxed);
            }
            Step::ShortWrites(on) => {
                self.had_faults |= on;
                self.faults.short_writes.store(on, Ordering::Relaxed);
            }
            Step::NoCut(on) => self.faults.no_cut.store(on, Ordering::Relaxed),
            Step::NoRemove(on) => {
                self.had_no_remove |= on;
                self.faults.no_remove.store(on, Ordering::Relaxed);
            }
            Step::NoAck(on) => {
                self.had_faults |= on;
                self.faults.no_ack.store(on, Ordering::Relaxed);
            }
            Step::FailReads(count) => {
                self.had_faults |= count > 0;
                self.faults.failing_reads.store(count.into(), Ordering::Relaxed)
            }
            Step::Advance => self.clock.advance(Duration::from_secs(700)),
            Step::Sync => self.spool.sync(Duration::from_secs(600)),
            Step::Restart => self.restart(),
            Step::Adopt => {
                self.spool.adopt_orphans();
            }
        }
    }

    fn begin(&mut self) {
        self.had_notes = true;
        if let Some(begun) = self.spool.begin(&payload(self.next)) {
            self.begun.push((self.next, begun));
        }
        self.next += 1;
    }

    /// Records a call that has ended, and leaves its begin record.
    fn record_last(&mut self) -> Option<Begun> {
        let (number, begun) = self.begun.pop()?;
        self.spool.append(&payload(number));
        Some(begun)
    }

    fn claim(&mut self, max_events: usize) {
        if self.claim.is_none() {
            self.claim = self
                .spool
                .claim(Limits { max_events, max_bytes: 4096 }, max_events.is_multiple_of(2));
        }
    }

    fn settle(&mut self, count: usize, verdict: Verdict) {
        let Some(mut claim) = self.claim.take() else {
            return;
        };
        if let Verdict::Delivered { .. } = verdict {
            for payload in claim.payloads(count) {
                let first = self.delivered.insert(payload.to_vec());
                // Only a disk that refuses may lead to a second delivery; one that removes nothing
                // only when it keeps the note of a call that has ended.
                let may_repeat = self.had_faults || self.had_no_remove && self.had_notes;
                assert!(first || may_repeat, "delivered twice");
            }
        }
        self.spool.settle(&mut claim, count, verdict);
        self.claim = (claim.len() > 0).then_some(claim);
    }

    /// The process dies, and the next one begins.
    fn restart(&mut self) {
        self.claim = None;
        self.begun.clear();
        self.spool = Self::spool(self.home.path(), &self.faults, &self.clock, self.keep);
    }

    #[track_caller]
    fn check(&self) {
        let stats = self.spool.stats();
        assert!(stats.is_balanced(), "{stats:?}");
    }

    /// Everything that the account calls spooled can be delivered.
    fn finish(mut self) {
        self.faults.failing_reads.store(0, Ordering::Relaxed);
        self.settle(usize::MAX, Verdict::Delivered { rejected: 0 });
        // What could not be read is tried again after a pause.
        self.clock.advance(Duration::from_secs(60));
        drain(&self.spool);
        let stats = self.spool.stats();
        assert_eq!((stats.own().spooled(), stats.adopted().spooled()), (0, 0), "{stats:?}");
        assert!(stats.is_balanced());
    }
}

/// The same cases at a scale of 1, and at a larger one others each time.
fn config() -> ProptestConfig {
    let rng_seed = if scale() == 1 { RngSeed::Fixed(1) } else { RngSeed::Random };
    ProptestConfig { failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn captured_is_delivered_and_spooled_and_dropped(keep in any::<bool>(), steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new(keep);
        for step in steps {
            world.apply(step);
            world.check();
        }
        world.finish();
    }
}
