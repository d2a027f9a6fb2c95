//! The processes of a machine, what they do, and how they end.

use super::oracle::Oracle;
use super::*;

/// How the processes end, and what else goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Processes are killed.
    Kill,
    /// Processes are killed, and the power goes.
    Power,
    /// Processes are killed, and the disk is full at times.
    Full,
}

/// A cap that evicts.
const SMALL_CAP: u64 = 16 * 1024;
/// Processes that use the directory at one time.
const MAX_PROCESSES: usize = 3;

pub(super) struct Process {
    pub(super) id: u32,
    pub(super) spool: Spool,
    pub(super) claim: Option<Claim>,
    /// Calls under way.
    begun: Vec<(u64, Begun)>,
    appended: Vec<u64>,
}

pub(super) struct World {
    pub(super) mode: Mode,
    dice: Dice,
    pub(super) machine: Machine,
    clock: Arc<ManualClock>,
    pub(super) processes: Vec<Process>,
    pub(super) oracle: Oracle,
    pub(super) keep: bool,
    max_bytes: u64,
    next: u64,
    pub(super) evicted: u64,
    pub(super) torn: u64,
    /// Nothing goes wrong any more.
    pub(super) calm: bool,
}

/// The event of a call; its length depends on its number alone.
fn event(number: u64, is_interrupted: bool) -> Vec<u8> {
    let outcome = if is_interrupted { "interrupted" } else { "ok" };
    let length = Dice(number).below(if number.is_multiple_of(8) { 1500 } else { 150 });
    let padding = "x".repeat(usize::try_from(length).unwrap());
    format!("{{\"event_id\":\"{number:08}\",\"outcome\":\"{outcome}\",\"padding\":\"{padding}\"}}")
        .into_bytes()
}

/// The number of an event, and whether it is one of an interrupted call.
fn parse(payload: &[u8]) -> (u64, bool) {
    let text = std::str::from_utf8(payload).unwrap();
    let number = text.split('"').nth(3).unwrap().parse().unwrap();
    let is_interrupted = text.contains("\"interrupted\"");
    assert_eq!(payload, event(number, is_interrupted), "an event that nobody wrote");
    (number, is_interrupted)
}

impl World {
    pub(super) fn new(mode: Mode, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let machine = Machine::new(Dice(dice.below(u64::MAX)));
        let keep = dice.chance(20);
        // The smaller cap evicts, the larger one never does.
        let max_bytes = if dice.chance(15) { SMALL_CAP } else { 256 * 1024 };
        Self {
            mode,
            dice,
            machine,
            clock: Arc::default(),
            processes: Vec::new(),
            oracle: Oracle::default(),
            keep,
            max_bytes,
            next: 0,
            evicted: 0,
            torn: 0,
            calm: false,
        }
    }

    pub(super) fn start(&self) -> Process {
        let disk = self.machine.start();
        let id = disk.process;
        let settings =
            Settings { keep_delivered: self.keep, ..settings(Path::new("/sim"), self.max_bytes) };
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let spool = Spool::new(Arc::new(disk), clock, settings);
        Process { id, spool, claim: None, begun: Vec::new(), appended: Vec::new() }
    }

    pub(super) fn step(&mut self) {
        if self.processes.is_empty() || self.processes.len() < MAX_PROCESSES && self.dice.chance(5)
        {
            self.processes.push(self.start());
            if self.dice.chance(70) {
                self.adopt(self.processes.len() - 1);
            }
            return self.bury();
        }
        let at = self.dice.below(self.processes.len() as u64) as usize;
        let count = 1 + self.dice.below(6);
        match self.dice.below(100) {
            0..35 => (0..count).for_each(|_| self.append_next(at)),
            35..43 => (0..count).for_each(|_| self.begin(at)),
            43..51 => (0..count).for_each(|_| self.end(at)),
            51..62 => self.claim(at, count),
            62..76 => self.settle(at, count, Verdict::Delivered { rejected: 0 }),
            76..78 => self.settle(at, count, Verdict::Dropped(DropReason::HttpStatus)),
            78..85 => self.sync(at),
            85..89 => self.adopt(at),
            89..91 => self.clock.advance(Duration::from_secs(700)),
            91..96 => {
                let everybody = self.mode == Mode::Power && self.dice.chance(60);
                self.machine.set_fuse(Some((self.dice.below(40), everybody)));
            }
            96..97 => self.machine.kill(self.processes[at].id),
            97..98 => self.shut_down(at),
            _ if self.mode == Mode::Full => self.machine.set_full(count > 3),
            _ => {}
        }
        self.bury();
    }

    fn is_dead(&self, at: usize) -> bool {
        self.machine.is_dead(self.processes[at].id)
    }

    fn append_next(&mut self, at: usize) {
        self.append(at, self.next);
        self.next += 1;
    }

    fn append(&mut self, at: usize, number: u64) {
        let spool = &self.processes[at].spool;
        let before = spool.stats().memory_fallbacks;
        spool.append(&event(number, false));
        let is_in_memory = spool.stats().memory_fallbacks > before;
        if self.is_dead(at) {
            return;
        }
        assert!(!is_in_memory || self.mode == Mode::Full, "the disk took no event");
        if is_in_memory {
            return self.oracle.excuse(number);
        }
        self.processes[at].appended.push(number);
        self.oracle.owe(number);
    }

    fn begin(&mut self, at: usize) {
        let number = self.next;
        self.next += 1;
        let begun = self.processes[at].spool.begin(&event(number, true));
        if let (Some(begun), false) = (begun, self.is_dead(at)) {
            self.oracle.owe(number);
            self.processes[at].begun.push((number, begun));
        }
    }

    fn end(&mut self, at: usize) {
        let Some((number, begun)) = self.processes[at].begun.pop() else { return };
        self.append(at, number);
        self.processes[at].spool.end(begun);
    }

    pub(super) fn claim(&mut self, at: usize, count: u64) {
        let process = &mut self.processes[at];
        if process.claim.is_none() {
            let limits = Limits { max_events: 2 * count as usize, max_bytes: 4096 };
            process.claim = process.spool.claim(limits, count.is_multiple_of(2));
        }
    }

    pub(super) fn settle(&mut self, at: usize, count: u64, verdict: Verdict) {
        let Some(mut claim) = self.processes[at].claim.take() else { return };
        if self.is_dead(at) {
            return;
        }
        let count = count as usize;
        let events: Vec<_> = claim.payloads(count).map(parse).collect();
        for &(number, is_interrupted) in &events {
            match verdict {
                Verdict::Delivered { .. } => self.oracle.deliver(number, is_interrupted, self.mode),
                Verdict::Dropped(_) => self.oracle.give_up(number),
            }
        }
        // A destination's answer and the death of the process may come together.
        if !self.calm && self.dice.chance(5) {
            self.machine.kill(self.processes[at].id);
        }
        self.processes[at].spool.settle(&mut claim, count, verdict);
        self.processes[at].claim = (claim.len() > 0).then_some(claim);
        if !self.is_dead(at) {
            events.iter().for_each(|&(number, _)| self.oracle.acknowledged(number));
        }
    }

    fn sync(&mut self, at: usize) {
        let process = &self.processes[at];
        let before = process.spool.stats().disk_errors;
        process.spool.sync(Duration::from_secs(600));
        if self.is_dead(at) || process.spool.stats().disk_errors > before {
            return;
        }
        let fuse = self.machine.set_fuse(None);
        let adopted = adopted_events(&process.spool);
        self.machine.set_fuse(fuse);
        self.oracle.synced(process.appended.iter().copied().chain(adopted));
    }

    pub(super) fn adopt(&mut self, at: usize) {
        self.processes[at].spool.adopt_orphans();
    }

    pub(super) fn shut_down(&mut self, at: usize) {
        let process = self.processes.remove(at);
        process.spool.close();
        process.spool.sync(Duration::MAX);
        process.spool.release();
        self.take_account(&process);
        drop(process);
    }

    /// Removes the dead, and keeps what their accounts say.
    pub(super) fn bury(&mut self) {
        let is_dead = |process: &Process| self.machine.is_dead(process.id);
        if self.mode == Mode::Power && self.machine.power_is_gone() {
            self.oracle.power_lost();
            self.machine.lose_power();
        }
        let (dead, living) = std::mem::take(&mut self.processes).into_iter().partition(is_dead);
        self.processes = living;
        let dead: Vec<Process> = dead;
        self.oracle.totals.crashes += dead.len() as u64;
        dead.iter().for_each(|process| self.take_account(process));
        self.count_last_evictions();
        for process in &self.processes {
            let stats = process.spool.stats();
            assert!(stats.is_balanced(), "{stats:?}");
        }
    }

    /// An eviction that was the last thing a process did is in no account.
    fn count_last_evictions(&mut self) {
        for (path, bytes) in self.machine.take_last_removed() {
            let is_segment = path.extension().is_some_and(|ending| ending == "seg");
            if !is_segment || self.max_bytes != SMALL_CAP {
                continue;
            }
            let start = read_header(&*bytes).unwrap().map_or(0, |header| header.len);
            let mut scanner = Scanner::new(&*bytes, start, 0, bytes.len() as u64);
            while let Some(found) = scanner.next_record().unwrap() {
                self.evicted += u64::from(self.oracle.is_missing(parse(found.payload).0));
            }
        }
    }

    fn take_account(&mut self, process: &Process) {
        let stats = process.spool.stats();
        assert!(stats.is_balanced(), "{stats:?}");
        // A batch in flight whose segment was evicted ends with its process, and nobody counts it.
        if let Some(claim) = &process.claim
            && let Some(segment) = &claim.segment
            && !self
                .machine
                .files()
                .contains(&Path::new("/sim/spool").join(format!("{segment}.seg")))
        {
            self.evicted += claim.len() as u64;
        }
        for tally in [stats.own(), stats.adopted()] {
            self.evicted += tally.dropped(DropReason::SpoolFull);
            self.torn += tally.dropped(DropReason::Torn);
            let damaged = tally.dropped(DropReason::Damaged);
            assert!(damaged == 0 || self.mode == Mode::Power, "{stats:?}");
            self.oracle.totals.damaged += tally.dropped(DropReason::Torn) + damaged;
        }
    }
}

/// The events in the segments that a process has taken over.
fn adopted_events(spool: &Spool) -> Vec<u64> {
    let state = spool.lock();
    let mut numbers = Vec::new();
    for segment in &state.adopted {
        let settled = segment.settled;
        let mut scanner =
            Scanner::new(&*segment.file, settled.offset, settled.next_sequence, segment.len);
        while let Some(found) = scanner.next_record().unwrap() {
            numbers.push(parse(found.payload).0);
        }
    }
    numbers
}
