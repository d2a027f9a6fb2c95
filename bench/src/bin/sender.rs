//! Bar 6: how many events per second one core of the sender's thread delivers over HTTP at 500
//! events per batch, to a loopback receiver that discards them.

use std::time::Duration;

use toolwatch_bench::clock;
use toolwatch_bench::direct::{Direct, objects};
use toolwatch_bench::lines;
use toolwatch_bench::receiver::Receiver;
use toolwatch_bench::server::watched;
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::watches;

/// Linux keeps fifteen bytes of a thread's name.
const SENDER: &str = "toolwatch-sende";

/// Events under way at once: less than the queue in memory holds.
const BURST: usize = 4_000;

fn main() {
    let settings = Settings::from_args();
    match settings.value("--mode") {
        Some(mode) => measure(mode, &settings),
        None => ["memory", "spool"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

fn measure(mode: &str, settings: &Settings) {
    let receiver = Receiver::start("{}").expect("a receiver");
    let watching = watches::install_with(mode, |builder| {
        builder.endpoint(receiver.url()).api_key("bench-key-of-no-account")
    });
    let server = Direct::<watched::Server>::start().expect("a server");
    let (arguments, _) = objects(lines::arguments, lines::DISTINCT);
    let burst = |count| {
        server.call(&arguments, count);
        watching.watch.flush(Duration::from_secs(10))
    };
    burst(BURST);
    let (before, cpu) = (receiver.counts(), clock::named_cpu(SENDER));
    let mut rates = Vec::new();
    for _ in 0..settings.scaled(50) {
        let (earlier, cpu) = (watching.watch.stats().own().delivered(), clock::named_cpu(SENDER));
        burst(BURST);
        let delivered = watching.watch.stats().own().delivered() - earlier;
        rates.push((clock::named_cpu(SENDER) - cpu).as_secs_f64() / delivered as f64);
    }
    let after = receiver.counts();
    rates.sort_by(f64::total_cmp);
    table::head(&format!("sender, {mode}, batches of 500"), ["us/event", "median"]);
    let (quiet, median) = (rates[rates.len() / 10], rates[rates.len() / 2]);
    table::row("events per second and core", [quiet * 1e6, median * 1e6], 1.0 / quiet, Bar::AtLeast(600_000.0));
    let requests = (after[0] - before[0]) as f64;
    let events = (BURST * rates.len()) as f64;
    table::row("events per request", [events, requests], events / requests, Bar::None);
    table::single("bytes per event with headers", (after[1] - before[1]) as f64 / events, Bar::None);
    println!("CPU of the sender's thread: {:?}; threads: {:?}", clock::named_cpu(SENDER) - cpu, clock::thread_names());
    watching.report();
}
