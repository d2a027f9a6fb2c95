//! Bar 5: allocations per event on the call path, bytes per queued event, the memory that a backlog
//! takes, and how often the sender's thread is woken.

use std::time::Duration;

use allocation_counter::AllocationInfo;
use toolwatch_bench::clock;
use toolwatch_bench::direct::{Direct, objects};
use toolwatch_bench::lines;
use toolwatch_bench::server::{Routed, plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::watches::{self, Hang};

/// Linux keeps fifteen bytes of a thread's name.
const SENDER: &str = "toolwatch-sende";

fn main() {
    let settings = Settings::from_args();
    let Some(mode) = settings.value("--mode") else {
        return ["memory", "spool", "memory-backlog", "spool-backlog"].iter().for_each(|mode| settings.run_mode(mode));
    };
    match mode.strip_suffix("-backlog") {
        Some(mode) => measure_backlog(mode, &settings),
        None => measure_flow(mode, &settings),
    }
}

fn counted<H: Routed>(server: &Direct<H>, calls: usize) -> AllocationInfo {
    let (arguments, _) = objects(lines::arguments, lines::DISTINCT);
    server.call(&arguments, 2 * calls);
    allocation_counter::measure(|| server.call(&arguments, calls))
}

fn measure_flow(mode: &str, settings: &Settings) {
    let watching = watches::install(mode);
    let watched = Direct::<watched::Server>::start().expect("a server");
    let plain = Direct::<plain::Server>::start().expect("a server");
    let calls = settings.scaled(10_000);
    table::head(&format!("footprint, {mode}: per call"), ["unwatched", "watched"]);
    let infos = [counted(&plain, calls), counted(&watched, calls)];
    let per_call = |read: fn(&AllocationInfo) -> u64| infos.each_ref().map(|info| read(info) as f64 / calls as f64);
    let counts = per_call(|info| info.count_total);
    table::row("allocations added", counts, counts[1] - counts[0], Bar::AtMost(1.0));
    let bytes = per_call(|info| info.bytes_total);
    table::row("bytes allocated, added", bytes, bytes[1] - bytes[0], Bar::None);
    print_wakes(&watched, settings);
    watching.report();
}

/// Calls at a pace that a busy server has, and counts how often the sender went to sleep.
fn print_wakes(server: &Direct<watched::Server>, settings: &Settings) {
    let (arguments, _) = objects(lines::arguments, lines::DISTINCT);
    let bursts = settings.scaled(1_000);
    let before = clock::named_sleeps(SENDER);
    for _ in 0..bursts {
        server.call(&arguments, 10);
        std::thread::sleep(Duration::from_millis(1));
    }
    let sleeps = clock::named_sleeps(SENDER) - before;
    let figure = sleeps as f64 / (bursts * 10) as f64;
    table::row("wake-ups of the sender per event", [0.0, sleeps as f64], figure, Bar::AtMost(0.01));
}

fn measure_backlog(mode: &str, settings: &Settings) {
    let (hang, hold) = Hang::new();
    let _watching = watches::install_with(mode, |builder| builder.destination(hang));
    let server = Direct::<watched::Server>::start().expect("a server");
    let (arguments, _) = objects(lines::arguments, lines::DISTINCT);
    server.call(&arguments, 2_000);
    std::thread::sleep(Duration::from_millis(100));
    table::head(&format!("a destination that hangs, {mode}"), ["events", "bytes"]);
    let before = clock::resident_bytes();
    let few = 4_096;
    let info = allocation_counter::measure(|| server.call(&arguments, few));
    let bar = if mode == "memory" { Bar::AtMost(400.0) } else { Bar::None };
    let held = info.bytes_current as f64;
    table::row("bytes held per queued event", [few as f64, held], held / few as f64, bar);
    let many = settings.scaled(500_000);
    server.call(&arguments, many);
    let grown = clock::resident_bytes().saturating_sub(before) as f64;
    table::row("growth of resident memory, MiB", [many as f64, grown], grown / f64::from(1 << 20), Bar::AtMost(16.0));
    drop(hold);
    std::process::exit(0);
}
