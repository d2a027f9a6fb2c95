//! Whatever is captured, answered, refused and broken in whatever order: after every step the
//! account is in balance and agrees with a book that the destination keeps.
//!
//! 64 sequences of up to 60 steps, times `TOOLWATCH_TEST_SCALE`: the same ones at a scale of 1.

mod world;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use world::World;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Capture(u8),
    Sample(u8),
    Answer(Vec<Outcome>),
    Advance(u64),
    Work,
    Flush,
    Shutdown,
    Kill,
    DiskFull(bool),
    ShortWrites(bool),
    NoCut(bool),
    FailReads(u8),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    Yes,
    Rejected(u64),
    HardLimit,
    Status(u16),
    RetryAfter(u64),
    Unreachable,
    Panic,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let statuses = [301, 400, 401, 404, 413, 429, 500, 503, 599];
    prop_oneof![
        6 => Just(Outcome::Yes),
        2 => (0_u64..80).prop_map(Outcome::Rejected),
        1 => Just(Outcome::HardLimit),
        5 => prop::sample::select(statuses.to_vec()).prop_map(Outcome::Status),
        1 => (0_u64..400).prop_map(Outcome::RetryAfter),
        1 => Just(Outcome::Unreachable),
        1 => Just(Outcome::Panic),
    ]
}

fn step(with_faults: bool) -> impl Strategy<Value = Step> {
    let moments = [1, 100, 1_000, 5_000, 31_000, 60_000, 301_000, 3_600_000];
    let faults = move |on: bool| on && with_faults;
    prop_oneof![
        8 => any::<u8>().prop_map(Step::Capture),
        1 => (1_u8..9).prop_map(Step::Sample),
        6 => prop::collection::vec(outcome(), 1..8).prop_map(Step::Answer),
        6 => prop::sample::select(moments.to_vec()).prop_map(Step::Advance),
        6 => Just(Step::Work),
        2 => Just(Step::Flush),
        1 => Just(Step::Shutdown),
        1 => Just(Step::Kill),
        2 => any::<bool>().prop_map(move |on| Step::DiskFull(faults(on))),
        1 => any::<bool>().prop_map(move |on| Step::ShortWrites(faults(on))),
        1 => any::<bool>().prop_map(move |on| Step::NoCut(faults(on))),
        1 => (0_u8..5).prop_map(move |count| Step::FailReads(count * u8::from(with_faults))),
    ]
}

fn config() -> ProptestConfig {
    let scale = std::env::var("TOOLWATCH_TEST_SCALE").ok().and_then(|text| text.parse().ok());
    let scale: u32 = scale.unwrap_or(1);
    let rng_seed = if scale == 1 { RngSeed::Fixed(1) } else { RngSeed::Random };
    let cases = 64_u32.saturating_mul(scale);
    ProptestConfig { failure_persistence: None, cases, rng_seed, ..ProptestConfig::default() }
}

fn run(steps: Vec<Step>) {
    let mut world = World::new();
    for step in steps {
        world.apply(step);
        world.check();
    }
    world.finish();
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_event_is_taken_once_or_dropped_once_over_all_processes(
        steps in prop::collection::vec(step(false), 1..60)
    ) {
        run(steps);
    }

    #[test]
    fn the_account_is_in_balance_after_every_step_whatever_the_disk_and_the_service_do(
        steps in prop::collection::vec(step(true), 1..60)
    ) {
        run(steps);
    }
}
