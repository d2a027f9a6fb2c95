//! A process that is killed: its events are on disk, and the next process sends them.

use super::*;

/// Tells the test binary, started anew, to be the victim, and where.
const VICTIM: &str = "TOOLWATCH_TEST_VICTIM";

/// Not a test of its own: the process that `events_of_a_killed_process_are_adopted` kills.
#[test]
#[expect(clippy::disallowed_methods, reason = "the process is there to die")]
fn victim() {
    let Some(home) = std::env::var_os(VICTIM) else {
        return;
    };
    let (pipeline, _) =
        pipeline(config(std::path::Path::new(&home)), |_| Err(SendError::unreachable()));
    for number in 0..200 {
        pipeline.append(&event(number));
    }
    std::process::abort();
}

#[test]
fn events_of_a_killed_process_are_adopted() {
    let home = tempfile::tempdir().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sender::tests::kill::victim"])
        .env(VICTIM, home.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    assert_eq!(files(home.path(), ".seg"), 1);
    let config = PipelineConfig { flush_interval: Duration::from_millis(5), ..config(home.path()) };
    let (pipeline, taken) = pipeline(config, |_| Ok(Ack::all()));
    wait_until(|| pipeline.stats().adopted().delivered() == 200);
    assert_eq!(*taken.lock().unwrap(), (0..200).map(|n| format!("{n:08}")).collect::<Vec<_>>());
    wait_until(|| files(home.path(), ".seg") == 0);
}

#[test]
fn a_segment_of_a_living_process_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let local = Pipeline::start(config(home.path())).unwrap();
    local.append(&event(1));
    let (other, taken) = pipeline(config(home.path()), |_| Ok(Ack::all()));
    other.append(&event(2));
    assert_eq!(other.shutdown(PATIENCE).delivered, 1);
    assert_eq!(*taken.lock().unwrap(), ["00000002"]);
    assert_eq!(local.stats().own().spooled(), 1);
}
