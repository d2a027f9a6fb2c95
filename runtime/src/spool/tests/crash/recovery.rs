//! What the last process finds of all that the others left.

use super::oracle::Totals;
use super::world::{Mode, World};
use super::*;

/// Operations that the last process needs at most.
const MAX_OPERATIONS: u64 = 50_000;
/// Looks into the directory that it needs at most.
const MAX_ROUNDS: usize = 100;

impl World {
    /// Ends every process, recovers what they left, and compares.
    pub(super) fn finish(mut self) -> Totals {
        self.machine.set_full(false);
        self.machine.set_fuse(None);
        let living: Vec<_> = self.processes.iter().map(|process| process.id).collect();
        living.into_iter().for_each(|process| self.machine.kill(process));
        if self.mode == Mode::Power {
            self.oracle.power_lost();
            self.machine.lose_power();
        }
        self.bury();
        self.calm = true;
        self.machine.set_budget(MAX_OPERATIONS);
        self.processes.push(self.start());
        let mut rounds = 0;
        while self.processes[0].spool.adopt_orphans() | self.drain() {
            rounds += 1;
            assert!(rounds < MAX_ROUNDS, "the recovery comes to no end");
        }
        let stats = self.processes[0].spool.stats();
        assert_eq!((stats.own().spooled(), stats.adopted().spooled()), (0, 0), "{stats:?}");
        self.shut_down(0);
        self.check_what_is_left();
        let crashes = self.oracle.totals.crashes;
        let can_tear = self.mode != Mode::Kill || self.torn <= crashes;
        assert!(can_tear, "{} torn in {crashes} crashes", self.torn);
        self.oracle.finish(self.evicted)
    }

    /// Delivers what waits; false when that was nothing.
    fn drain(&mut self) -> bool {
        let mut any = false;
        loop {
            self.claim(0, 10);
            if self.processes[0].claim.is_none() {
                return any;
            }
            any = true;
            while self.processes[0].claim.is_some() {
                self.settle(0, 7, Verdict::Delivered { rejected: 0 });
            }
        }
    }

    /// One more process finds nothing to send, and no file but those that are kept.
    fn check_what_is_left(&mut self) {
        self.processes.push(self.start());
        let spool = &self.processes[0].spool;
        // An acknowledgement without a segment goes when it is met for the second time.
        let _ = (spool.adopt_orphans(), spool.adopt_orphans());
        let stats = spool.stats();
        assert_eq!((stats.own().captured(), stats.adopted().captured()), (0, 0), "{stats:?}");
        assert!(spool.claim(LIMITS, true).is_none());
        let mut files = self.machine.files();
        if self.keep {
            files.retain(|file| file.extension().is_none_or(|ending| ending == "begun"));
        }
        assert!(files.is_empty(), "{files:?}");
    }
}
