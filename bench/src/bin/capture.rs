//! Bars 3 and 4: the capture alone, against SHA-256 of the same bytes, and what a watch that is off
//! adds to a call.
//!
//! The calls go through the router of a server, without transport. What an unwatched call costs is
//! taken away from what a watched one costs. `--mode memory --only watched --count N` makes N calls
//! and nothing else, for callgrind.

use std::hint::black_box;

use sha2::{Digest, Sha256};
use toolwatch_bench::clock;
use toolwatch_bench::direct::{Direct, objects};
use toolwatch_bench::lines;
use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::server::{plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::watches;

fn main() {
    let settings = Settings::from_args();
    match (settings.value("--mode"), settings.value("--only")) {
        (Some(mode), Some(only)) => profile(mode, only, &settings),
        (Some("disabled"), None) => measure_disabled(&settings),
        (Some(mode), None) => measure(mode, &settings),
        (None, _) => ["memory", "spool", "disabled"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

/// Makes calls of one kind only.
fn profile(mode: &str, only: &str, settings: &Settings) {
    let _watching = watches::install(mode);
    let count = settings.value("--count").and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let bytes = settings.value("--bytes").and_then(|count| count.parse().ok()).unwrap_or(200);
    let (arguments, _) = objects(|index| lines::arguments_of(index, bytes), lines::DISTINCT);
    match only {
        "plain" => Direct::<plain::Server>::start().expect("a server").call(&arguments, count),
        _ => Direct::<watched::Server>::start().expect("a server").call(&arguments, count),
    }
}

fn measure(mode: &str, settings: &Settings) {
    let watching = watches::install(mode);
    let plain = Direct::<plain::Server>::start().expect("a server");
    let watched = Direct::<watched::Server>::start().expect("a server");
    table::head(&format!("capture alone, {mode}: us of CPU per call"), ["SHA-256", "capture"]);
    for (bytes, calls, bar) in [(200, 400, 4.0), (10_000, 60, 1.2), (100_000, 8, 1.2)] {
        let (arguments, json) = objects(|index| lines::arguments_of(index, bytes), 16);
        let hash = |count| (0..count).for_each(|_| { black_box(Sha256::digest(black_box(&json))); });
        let mut subjects: [&dyn Fn(usize); 4] = [
            &|count| plain.call(&arguments, count),
            &|count| watched.call(&arguments, count),
            &hash,
            &|count| plain.call(&arguments, count),
        ];
        let costs = interleave(&mut subjects, settings.scaled(600), |subject| round(subject, calls));
        print(json.len(), &costs, bar);
    }
    watching.report();
}

fn round(subject: &dyn Fn(usize), calls: usize) -> f64 {
    subject(calls / 8);
    let before = clock::thread_cpu();
    subject(calls);
    per_call(clock::thread_cpu() - before, calls)
}

fn print(bytes: usize, costs: &[Costs], bar: f64) {
    let [plain, watched, hash, control] = costs else { return };
    let us = |costs: &Costs| costs.quiet() / 1_000.0;
    let added = us(watched) - us(plain);
    table::row(&format!("{bytes} B: over SHA-256"), [us(hash), added], added / us(hash), Bar::AtMost(bar));
    let control = us(control) - us(plain);
    table::row(&format!("{bytes} B: A/A control"), [us(hash), control], control / us(hash), Bar::None);
}

fn measure_disabled(settings: &Settings) {
    let _watching = watches::install("disabled");
    let plain = Direct::<plain::Server>::start().expect("a server");
    let watched = Direct::<watched::Server>::start().expect("a server");
    let (arguments, _) = objects(lines::arguments, lines::DISTINCT);
    let mut subjects: [&dyn Fn(usize); 3] =
        [&|count| plain.call(&arguments, count), &|count| watched.call(&arguments, count), &|count| plain.call(&arguments, count)];
    let costs = interleave(&mut subjects, settings.scaled(600), |subject| round(subject, 400));
    table::head("a watch that is off: ns of CPU per call", ["unwatched", "watched"]);
    let values = [costs[0].quiet(), costs[1].quiet()];
    table::row("disabled: ns added", values, values[1] - values[0], Bar::AtMost(100.0));
    let control = costs[2].quiet();
    table::row("disabled: A/A control", [values[0], control], control - values[0], Bar::None);
}
