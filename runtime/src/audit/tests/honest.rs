//! Honest runs: whatever a machine does to a log that nobody touches, no verifier may raise an
//! alarm. Cancelled calls, kills at any byte, writers at once, full disks, rotation, clock jumps.

use super::python::Python;
use super::*;

/// A small generator of numbers that is the same on each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What happened in all runs.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    kills: u64,
    torn: u64,
    full_disks: u64,
    cancelled: u64,
    jumps: u64,
    rotations: u64,
    writers: u64,
    records: u64,
}

struct Run<'a> {
    world: &'a World,
    random: &'a mut Random,
    tally: &'a mut Tally,
    /// Writers that run now, each with its number.
    audits: Vec<Audit>,
    number: u64,
}

impl Run<'_> {
    fn start(&mut self) {
        let mut builder = self.world.builder();
        if self.random.one_in(2) {
            builder = builder.begin_records();
        }
        if self.random.one_in(3) {
            builder = builder.max_segment_bytes(4096);
        }
        // A start on a full disk fails, and leaves nothing that is wrong.
        if let Ok(audit) = builder.build() {
            self.audits.push(audit);
            self.tally.writers += 1;
        }
    }

    fn step(&mut self) {
        match self.random.below(24) {
            0 if self.audits.len() < 8 => self.start(),
            1 => self.end(),
            2 => self.kill(),
            3 => self.disk(),
            4 => self.jump(),
            5 | 6 => {
                let by = Duration::from_millis(self.random.below(12_000));
                self.world.clock.advance(by);
                self.audits.iter().for_each(Audit::tick);
            }
            _ => self.call(),
        }
    }

    fn call(&mut self) {
        let count = self.audits.len() as u64;
        if count == 0 {
            return self.start();
        }
        let at = self.random.below(count) as usize;
        self.number += 1;
        let body = body(self.number);
        let _ = self.audits[at].begin(&body);
        if self.random.one_in(8) {
            // The caller's future was dropped: there is a beginning and no end.
            self.tally.cancelled += 1;
        } else {
            self.audits[at].append(&body);
        }
    }

    fn end(&mut self) {
        if !self.audits.is_empty() {
            let at = self.random.below(self.audits.len() as u64) as usize;
            drop(self.audits.remove(at));
        }
    }

    /// A kill lets a write end at any byte.
    fn kill(&mut self) {
        if self.audits.is_empty() {
            return;
        }
        let at = self.random.below(self.audits.len() as u64) as usize;
        let audit = self.audits.remove(at);
        self.tally.kills += 1;
        if self.random.one_in(2) {
            self.tear(audit.writer_id(), &audit);
        }
        audit.kill();
    }

    fn tear(&mut self, writer_id: u32, audit: &Audit) {
        let segment = (0..).take_while(|n| self.world.segment(writer_id, *n).exists()).last();
        let path = self.world.segment(writer_id, segment.unwrap());
        let whole = std::fs::metadata(&path).unwrap().len();
        let size = audit.stats().records();
        audit.append(&body(self.number));
        let next = self.world.segment(writer_id, segment.unwrap() + 1);
        if audit.stats().records() == size + 1 && !next.exists() {
            let written = std::fs::metadata(&path).unwrap().len();
            let kept = whole + self.random.below(written - whole);
            std::fs::File::options().write(true).open(&path).unwrap().set_len(kept).unwrap();
            self.tally.torn += u64::from(kept > whole);
        }
    }

    fn disk(&mut self) {
        let faults = &self.world.faults;
        let full = self.random.one_in(3);
        faults.full.store(full, Ordering::Relaxed);
        faults.short_writes.store(self.random.one_in(3), Ordering::Relaxed);
        faults.no_cut.store(self.random.one_in(4), Ordering::Relaxed);
        self.tally.full_disks += u64::from(full);
    }

    fn jump(&mut self) {
        let secs = self.random.below(2_000_000) as i64 - 1_000_000;
        self.world.clock.jump(secs);
        self.tally.jumps += 1;
    }

    fn heal(&self) {
        let faults = &self.world.faults;
        for fault in [&faults.full, &faults.short_writes, &faults.no_cut] {
            fault.store(false, Ordering::Relaxed);
        }
    }
}

fn run(random: &mut Random, tally: &mut Tally, python: &mut Option<Python>) {
    // Signatures are the dearest part, and of the same form in each run.
    let world = World::with_key(if random.one_in(50) { keygen_signed } else { keygen });
    let mut run = Run { world: &world, random, tally, audits: Vec::new(), number: 0 };
    let steps = 10 + run.random.below(60);
    for _ in 0..steps {
        run.step();
    }
    // Some are looked at while writers run, some after all have ended, some after one more start.
    match run.random.below(3) {
        0 => {}
        1 => run.audits.clear(),
        _ => {
            run.heal();
            run.audits.clear();
            run.start();
        }
    }
    let report = world.verify();
    assert!(!report.verdict().is_damaged(), "{:?} in run {}", report.damages(), run.tally.runs);
    run.tally.runs += 1;
    run.tally.records += report.records();
    run.tally.rotations +=
        report.lanes().iter().map(|lane| u64::from(lane.segments - 1)).sum::<u64>();
    if let (Some(python), 0) = (python, run.tally.runs % 200) {
        let published = world.published();
        let published = published.exists().then_some(published.as_path());
        python.agrees(&report, &world.home.path().join("key"), &world.log(), published);
    }
}

#[test]
fn ten_thousand_honest_runs_raise_no_alarm() {
    let (mut random, mut tally) = (Random(0x9e37_79b9_7f4a_7c15), Tally::default());
    let mut python = Python::start();
    // A fifth of the 10,000 at scale 1; `TOOLWATCH_TEST_SCALE=5` runs them all.
    for _ in 0..2_000 * scale() {
        run(&mut random, &mut tally, &mut python);
    }
    eprintln!("audit: honest runs without an alarm: {tally:?}");
    let Tally { kills, torn, full_disks, cancelled, jumps, rotations, .. } = tally;
    assert!(
        [kills, torn, full_disks, cancelled, jumps, rotations].iter().all(|count| *count > 100)
    );
}

#[test]
fn eight_writers_on_threads_of_their_own_raise_no_alarm() {
    let world = World::new();
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| append(&world.start(), 0..150));
            }
        });
        // And one log that eight threads share.
        let shared = world.start();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| append(&shared, 0..150));
            }
        });
    }
    let report = world.check_intact();
    assert_eq!(report.lanes().len(), 27);
    assert!(report.lanes().iter().all(|lane| lane.end == LaneEnd::Closed));
}

#[test]
fn a_log_is_verified_while_it_is_written() {
    let world = World::new();
    let audit = world.builder().max_segment_bytes(20_000).build().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..3_000 {
                append(&audit, number..number + 1);
                if number % 50 == 0 {
                    audit.tick();
                    drop(world.start());
                }
            }
            done.store(true, Ordering::Release);
        });
        let mut times = 0;
        while !done.load(Ordering::Acquire) || times == 0 {
            world.check_intact();
            times += 1;
        }
    });
}
