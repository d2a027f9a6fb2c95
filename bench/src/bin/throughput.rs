//! Bar 2: calls per second of a watched server over those of an unwatched one, with a real client
//! and 64 calls under way: over duplex in one process, over stdio with a child process, over HTTP.
//!
//! The bar is held against the processor time of both sides, the sender's thread included: it is
//! what bounds throughput on a busy machine. The wall clock is printed beside it. `--only stdio`
//! measures one transport.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use toolwatch_bench::clock;
use toolwatch_bench::pairs::{KINDS, Pair, duplex, serve_http, serve_stdio};
use toolwatch_bench::rounds::{Costs, interleave_all, per_call};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::watches;

const DEPTH: usize = 64;

fn main() {
    let settings = Settings::from_args();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    match (settings.value("--serve"), settings.value("--mode")) {
        (Some(kind), Some(mode)) => {
            let is_unwatched = matches!(kind, "plain" | "default" | "control");
            let watching = watches::install(if is_unwatched { "disabled" } else { mode });
            runtime.block_on(serve_stdio(kind, &watching.watch)).expect("a session");
        }
        (None, Some(mode)) => measure(mode, &settings, &runtime),
        _ => ["memory", "spool"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

fn measure(mode: &str, settings: &Settings, runtime: &Runtime) {
    let watching = watches::install(mode);
    let watch = &*watching.watch;
    table::head(&format!("throughput, {mode}, x64: us per call"), ["unwatched", "subject"]);
    let wants = |name: &str| settings.value("--only").is_none_or(|only| only == name);
    if wants("duplex") {
        let pairs = KINDS.map(|kind| runtime.block_on(duplex(kind, watch)).expect("a pair"));
        compare("duplex", pairs, runtime, settings, if mode == "memory" { 0.97 } else { 0.95 });
    }
    if wants("stdio") {
        let pairs = KINDS.map(|kind| runtime.block_on(Pair::child(kind, mode)).expect("a pair"));
        compare("stdio", pairs, runtime, settings, 0.98);
    }
    if wants("http") {
        let url = serve_http(watch).expect("a server");
        let pairs = KINDS.map(|kind| runtime.block_on(Pair::http(format!("{url}/{kind}"))).expect("a pair"));
        compare("http", pairs, runtime, settings, 0.98);
    }
    watching.report();
}

fn compare(name: &str, mut pairs: [Pair; 7], runtime: &Runtime, settings: &Settings, bar: f64) {
    let calls = if name == "http" { 128 } else { 512 };
    let rounds = settings.scaled(if name == "http" { 100 } else { 200 });
    runtime.block_on(async {
        for pair in &pairs {
            pair.call(1_024, DEPTH).await;
        }
    });
    let [cpu, wall] = interleave_all(&mut pairs, rounds, |pair| {
        let before = (spent(pair), Instant::now());
        runtime.block_on(pair.call(calls, DEPTH));
        let wall = before.1.elapsed();
        [per_call(spent(pair) - before.0, calls), per_call(wall, calls)]
    });
    print(&format!("{name}, CPU"), &cpu, Bar::AtLeast(bar));
    print(&format!("{name}, wall"), &wall, Bar::None);
}

/// The processor time of this process and of the server's, if that is another one.
fn spent(pair: &Pair) -> Duration {
    clock::process_cpu() + pair.child.map_or(Duration::ZERO, clock::child_cpu)
}

/// Each kind beside the unwatched server with the same kind of handler.
fn print(name: &str, costs: &[Costs], bar: Bar) {
    let us = |kind: &str| KINDS.iter().zip(costs).find(|(of, _)| **of == kind).map_or(f64::NAN, |(_, costs)| costs.quiet() / 1_000.0);
    let rows = [("plain", "control"), ("plain", "watched"), ("plain", "wrapped"), ("plain", "wrapped-attribute"), ("default", "router")];
    for (unwatched, kind) in rows {
        let bar = if kind == "control" { Bar::None } else { bar };
        table::row(&format!("{name}: {kind} over {unwatched}"), [us(unwatched), us(kind)], us(unwatched) / us(kind), bar);
    }
}
