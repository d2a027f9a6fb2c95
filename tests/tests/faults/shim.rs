//! Faults below the standard library: a clock that leaps by a day, and a device that fails.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use toolwatch::testing::Reply;

use crate::child::{Plan, Served, works};
use crate::row;

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// EIO, as Linux numbers it.
const INPUT_OUTPUT_ERROR: i64 = 5;

/// Which of the shim's numbers.
#[derive(Clone, Copy)]
enum Number {
    TimeOfDay = 0,
    Writes = 1,
    Reads = 2,
}

/// The shim of one child.
struct Shim {
    home: tempfile::TempDir,
    numbers: File,
}

impl Shim {
    /// None, and a line that says so, where there is no C compiler.
    fn start(name: &str) -> Option<Self> {
        let home = tempfile::tempdir().expect("a directory");
        let (source, library) = (home.path().join("shim.c"), home.path().join("shim.so"));
        std::fs::write(&source, include_str!("shim.c")).expect("the source");
        let (source, library) = (source.to_string_lossy(), library.to_string_lossy());
        if !works("cc", &["-shared", "-fPIC", "-O1", "-o", &library, &source]) {
            row::skip(name, "there is no C compiler to make the shim");
            return None;
        }
        let path = home.path().join("numbers");
        std::fs::write(&path, [0; 24]).expect("the numbers");
        let numbers = File::options().write(true).open(path).expect("the numbers");
        Some(Self { home, numbers })
    }

    fn plan(&self, name: &'static str) -> Plan {
        Plan::new(name)
            .with("LD_PRELOAD", self.home.path().join("shim.so"))
            .with("FAULT_SHIM", self.home.path().join("numbers"))
    }

    fn set(&self, number: Number, value: i64) {
        self.numbers.write_all_at(&value.to_ne_bytes(), number as u64 * 8).expect("set");
    }
}

async fn leap(name: &'static str, seconds: i64) {
    let Some(shim) = Shim::start(name) else { return };
    let mut served = Served::start(shim.plan(name)).await;
    served.rounds(1).await;
    served.receiver.script([Reply::status(503)]);
    shim.set(Number::TimeOfDay, seconds);
    served.rounds(2).await;
    served.check_delivered_by_now().await;
    shim.set(Number::TimeOfDay, 0);
    served.rounds(1).await;
    served.check_delivered().await;
    let requests = served.receiver.requests();
    assert!(requests.len() < 40, "{name}: {} requests", requests.len());
    for event in requests.iter().flat_map(toolwatch::testing::Received::events) {
        let millis = event["duration_ms"].as_f64().expect("a duration");
        assert!((0.0..60_000.0).contains(&millis), "{name}: {event}");
    }
    served.end().await;
}

impl Served {
    /// Flushes, and holds that nothing waits.
    async fn check_delivered_by_now(&mut self) {
        for _ in 0..30 {
            if self.ask("flush 1000")["spooled"] == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let numbers = self.numbers();
        assert_eq!(numbers.get("spooled"), 0, "{numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_leaps_a_day_ahead() {
    leap("the clock leaps a day ahead, and back", DAY_SECONDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_leaps_a_day_back() {
    leap("the clock leaps a day back, and ahead", -DAY_SECONDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_device_fails_to_write() {
    let name = "every write to a file is EIO";
    let Some(shim) = Shim::start(name) else { return };
    let mut served = Served::start(shim.plan(name)).await;
    served.rounds(1).await;
    shim.set(Number::Writes, INPUT_OUTPUT_ERROR);
    served.rounds(2).await;
    let during = served.numbers();
    assert!(during.get("disk_errors") > 0 && during.get("memory_fallbacks") == 16, "{during:?}");
    shim.set(Number::Writes, 0);
    let after = during.get("captured");
    served.rounds_until(|now| now.get("captured") - after > now.get("memory_fallbacks") - 16).await;
    served.check_delivered().await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_device_fails_to_read_for_a_moment() {
    let name = "the first reads of a file are EIO";
    let Some(shim) = Shim::start(name) else { return };
    let mut served =
        Served::start(shim.plan(name).with("TOOLWATCH_FLUSH_INTERVAL_MS", "3600000")).await;
    served.rounds(1).await;
    shim.set(Number::Reads, INPUT_OUTPUT_ERROR);
    // The sender reads when it is asked to flush, and gives a file up after the third failure.
    served.ask("flush 5");
    served.wait_for(|now| now.get("disk_errors") > 0).await;
    shim.set(Number::Reads, 0);
    served.rounds(1).await;
    let numbers = served.check().await;
    assert_eq!(numbers.get("delivered") + numbers.get("dropped.damaged"), 16);
    served.end().await;
}
