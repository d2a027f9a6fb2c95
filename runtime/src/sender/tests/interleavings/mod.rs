//! The hand-over between callers and the sender, in thousands of schedules that a model checker
//! chooses: at each lock, condition variable and atomic it decides which thread goes on.
//!
//! In every schedule: no event is lost or doubled, over this process and the next one; the account
//! is in balance and only grows in every snapshot that a caller or a destination sees; flush and
//! shutdown return, and the sender's thread ends; a caller never waits for the network. No thread
//! waits for another in a circle: shuttle reports it.
//!
//! [`ROUNDS`] schedules of each scene and kind, times `TOOLWATCH_TEST_SCALE`. `TOOLWATCH_TEST_SEED`
//! chooses others. Shuttle prints a schedule that failed; the same seed repeats it.

mod exhaustive;
mod planted;
mod scenes;
mod world;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

use crate::sync::model::{self, Plant, Timeouts};

/// Schedules of one scene and kind.
const ROUNDS: usize = 150;
/// The points at which the PCT scheduler takes the turn from the thread that should go on.
const DEPTHS: [usize; 2] = [2, 5];
/// Bytes of a modelled thread's stack: debug builds take more than shuttle's own 32 KiB.
const STACK_BYTES: usize = 512 * 1024;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

fn rounds() -> usize {
    ROUNDS * usize::try_from(number("TOOLWATCH_TEST_SCALE").unwrap_or(1)).unwrap()
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    // The orderings that are weaker than shuttle's are argued for where they stand.
    config.silence_warnings = true;
    config
}

/// Runs a scene under one scheduler, and returns how many schedules that were.
fn run(
    scheduler: impl Scheduler + 'static,
    (timeouts, plant): (Timeouts, Plant),
    scene: fn(),
) -> usize {
    let mut schedules = 0;
    model::run(timeouts, plant, || schedules = Runner::new(scheduler, config()).run(scene));
    schedules
}

/// Runs a scene under random schedules, and under some that leave one thread behind for long.
fn explore(name: &str, kinds: &[Timeouts], scene: fn()) {
    let seed = number("TOOLWATCH_TEST_SEED").unwrap_or(1);
    let mut schedules = 0;
    for &timeouts in kinds {
        let model = (timeouts, Plant::Nothing);
        schedules += run(RandomScheduler::new_from_seed(seed, rounds()), model, scene);
        for depth in DEPTHS {
            let scheduler = PctScheduler::new_from_seed(seed, depth, rounds());
            schedules += run(scheduler, model, scene);
        }
    }
    eprintln!("{name}: {schedules} schedules, none lost, doubled, out of balance or stuck");
}
