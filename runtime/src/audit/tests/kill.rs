//! Processes that are killed for real, with the real disk, clock and thread.

use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

/// Tells the test binary, started anew, to be a victim, and of which log.
const VICTIM: &str = "TOOLWATCH_TEST_AUDIT_VICTIM";

/// Not a test of its own: the process that the next test kills. It writes until it dies.
#[test]
fn victim() {
    let Some(home) = std::env::var_os(VICTIM) else { return };
    let home = Path::new(&home);
    let audit = Audit::builder(home.join("log"))
        .checkpoint_file(home.join("checkpoints"))
        .begin_records()
        .max_segment_bytes(30_000)
        .build()
        .unwrap();
    for number in 0..u64::MAX {
        audit.begin(&body(number)).unwrap();
        audit.append(&body(number));
    }
}

/// Starts some at once, so that starts, deaths and recoveries meet, and kills them.
fn kill_after(home: &Path, count: u64, pause: Duration) {
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "audit::tests::kill::victim"])
            .env(VICTIM, home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut victims: Vec<_> = (0..count).map(start).collect();
    std::thread::sleep(pause);
    for victim in &mut victims {
        victim.kill().unwrap();
        victim.wait().unwrap();
    }
}

/// Whether enough was killed to say anything.
fn is_enough(report: &Report) -> bool {
    report.lanes().len() > 6 && report.checkpoints() > 20 && report.records() > 1000
}

#[test]
fn processes_killed_at_any_moment_raise_no_alarm_and_keep_every_checkpoint() {
    let world = World::new();
    let home = world.home.path();
    let kills = 30 * scale();
    let mut python = super::python::Python::start();
    for round in 0..kills {
        kill_after(home, 1 + round % 3, Duration::from_millis(5 + round * 37 % 250));
        if round % 5 == 0 {
            let report = world.verify();
            assert!(!report.verdict().is_damaged(), "{:?}", report.damages());
        }
    }
    // A machine under load may hardly have come to write anything by then.
    for secs in 1..=20 {
        if is_enough(&world.verify()) {
            break;
        }
        kill_after(home, 3, Duration::from_secs(secs));
    }
    drop(world.start());
    let report = world.check_intact();
    let ends: Vec<LaneEnd> = report.lanes().iter().map(|lane| lane.end).collect();
    let (last, killed) = ends.split_last().unwrap();
    assert_eq!(*last, LaneEnd::Closed);
    assert!(killed.iter().all(|end| *end == LaneEnd::Recovered), "{ends:?}");
    assert!(killed.len() > 5 && is_enough(&report));
    if let Some(python) = &mut python {
        let (key, published) = (home.join("key"), world.published());
        python.agrees(&report, &key, &world.log(), Some(&published));
    }
    eprintln!(
        "audit: {kills} rounds of kills, {} lanes, {} records, {} checkpoints, no alarm",
        report.lanes().len(),
        report.records(),
        report.checkpoints()
    );
}
