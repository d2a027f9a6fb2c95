//! Kills and power losses at any operation of the spool, against an oracle that knows which events
//! were written, synced and delivered.
//!
//! 2,000 seeds, times `TOOLWATCH_TEST_SCALE`: 200,000 at a scale of 100. `TOOLWATCH_TEST_SEED` runs
//! one seed alone. The names of files are the only thing that a seed does not repeat.

mod oracle;
mod recovery;
mod world;

use super::*;
use crate::spool::simulated::{Dice, Machine};
use oracle::Totals;
use world::{Mode, World};

const SEEDS: u64 = 2_000;
const STEPS: u64 = 60;

/// Runs the seeds, and tells what happened in them.
fn run(mode: Mode) -> Totals {
    let one = std::env::var("TOOLWATCH_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seeds = one.map_or(0..SEEDS * scale(), |seed: u64| seed..seed + 1);
    let mut totals = Totals::default();
    for seed in seeds {
        let run = std::panic::AssertUnwindSafe(|| run_one(mode, seed));
        match std::panic::catch_unwind(run) {
            Ok(seen) => totals.add(&seen),
            Err(panic) => {
                eprintln!("{mode:?}: seed {seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    eprintln!("{mode:?}: {totals}");
    totals
}

fn run_one(mode: Mode, seed: u64) -> Totals {
    let mut world = World::new(mode, seed);
    for _ in 0..STEPS {
        world.step();
    }
    world.finish()
}

#[test]
fn a_kill_at_any_operation_loses_no_event_that_was_appended() {
    let totals = run(Mode::Kill);
    assert!(totals.crashes > 0 && totals.delivered > 0 && totals.lost == 0, "{totals}");
}

#[test]
fn a_power_loss_at_any_operation_costs_only_what_was_not_synced() {
    let totals = run(Mode::Power);
    assert!(totals.crashes > 0 && totals.delivered > 0, "{totals}");
}

#[test]
fn a_kill_while_the_disk_is_full_costs_only_what_was_in_memory() {
    let totals = run(Mode::Full);
    assert!(totals.crashes > 0 && totals.delivered > 0, "{totals}");
}

/// The model loses what it should: otherwise the suites above would hold nothing.
#[test]
fn the_simulated_machine_loses_what_was_not_synced_and_keeps_the_rest() {
    use crate::spool::disk::Writes;
    let (mut kept, mut torn, mut gone) = (0, 0, 0);
    for seed in 0..200 {
        let machine = Machine::new(Dice(seed));
        let disk = machine.start();
        let directory = Path::new("/sim/spool");
        disk.prepare(directory).unwrap();
        let file = disk.create(&directory.join("a"), Writes::AtTheEnd).unwrap();
        file.append(&[1; 2000]).unwrap();
        file.sync().unwrap();
        disk.sync_directory(directory).unwrap();
        disk.sync_directory(directory.parent().unwrap()).unwrap();
        file.append(&[2; 2000]).unwrap();
        drop(disk.create(&directory.join("b"), Writes::AtTheEnd).unwrap());
        machine.kill(disk.process);
        assert!(file.append(&[3]).is_err() && machine.files().len() == 2, "a kill keeps the cache");
        machine.lose_power();
        let disk = machine.start();
        let file = disk.adopt(&directory.join("a"), Writes::AtTheEnd).unwrap().unwrap();
        let mut bytes = vec![0; 5000];
        let len = scan::read_full(&*file, 0, &mut bytes).unwrap();
        assert!(bytes[..2000].iter().all(|&byte| byte == 1), "seed {seed}");
        match bytes[2000..len].iter().filter(|&&byte| byte == 2).count() {
            2000 => kept += 1,
            0 => gone += 1,
            _ => torn += 1,
        }
    }
    assert!(kept > 20 && torn > 20 && gone > 20, "{kept} {torn} {gone}");
}
