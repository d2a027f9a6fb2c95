//! Bar 2: calls per second of a watched server over those of an unwatched one, with a real client
//! and 64 calls under way: over duplex in one process, over stdio with a child process, over HTTP.
//!
//! The bar is held against the processor time of both sides, the sender's thread included: it is
//! what bounds throughput on a busy machine. The wall clock is printed beside it.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use toolwatch_bench::clock;
use toolwatch_bench::pairs::{Pair, serve_http, serve_stdio};
use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::server::{Routed, plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::watches;

const DEPTH: usize = 64;

fn main() {
    let settings = Settings::from_args();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    match (settings.value("--serve"), settings.value("--mode")) {
        (Some("plain"), _) => runtime.block_on(serve_stdio("plain")).expect("a session"),
        (Some(kind), Some(mode)) => {
            let _watching = watches::install(mode);
            runtime.block_on(serve_stdio(kind)).expect("a session");
        }
        (None, Some(mode)) => measure(mode, &settings, &runtime),
        _ => ["memory", "spool"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

fn measure(mode: &str, settings: &Settings, runtime: &Runtime) {
    let watching = watches::install(mode);
    table::head(&format!("throughput, {mode}, x64: us per call"), ["unwatched", "watched"]);
    let pairs = runtime.block_on(async {
        [
            Pair::duplex(plain::Server::new()).await,
            Pair::duplex(watched::Server::new()).await,
            Pair::duplex(plain::Server::new()).await,
        ]
    });
    let bar = if mode == "memory" { 0.97 } else { 0.95 };
    compare("duplex", pairs.map(|pair| pair.expect("a pair")), runtime, settings, bar);
    let pairs = runtime.block_on(async {
        [Pair::child("plain", mode).await, Pair::child("watched", mode).await, Pair::child("plain", mode).await]
    });
    compare("stdio", pairs.map(|pair| pair.expect("a pair")), runtime, settings, 0.98);
    let url = serve_http().expect("a server");
    let at = |path: &str| Pair::http(format!("{url}/{path}"));
    let pairs = runtime.block_on(async { [at("plain").await, at("watched").await, at("plain").await] });
    compare("http", pairs.map(|pair| pair.expect("a pair")), runtime, settings, 0.98);
    watching.report();
}

fn compare(name: &str, mut pairs: [Pair; 3], runtime: &Runtime, settings: &Settings, bar: f64) {
    let calls = if name == "http" { 128 } else { 512 };
    let rounds = settings.scaled(if name == "http" { 100 } else { 200 });
    runtime.block_on(async {
        for pair in &pairs {
            pair.call(1_024, DEPTH).await;
        }
    });
    let wall = interleave(&mut pairs, rounds, |pair| {
        let before = Instant::now();
        runtime.block_on(pair.call(calls, DEPTH));
        per_call(before.elapsed(), calls)
    });
    let cpu = interleave(&mut pairs, rounds, |pair| {
        let before = spent(pair);
        runtime.block_on(pair.call(calls, DEPTH));
        per_call(spent(pair) - before, calls)
    });
    print(&format!("{name}, CPU of both sides"), &cpu, Bar::AtLeast(bar));
    print(&format!("{name}, wall"), &wall, Bar::None);
}

/// The processor time of this process and of the server's, if that is another one.
fn spent(pair: &Pair) -> Duration {
    clock::process_cpu() + pair.child.map_or(Duration::ZERO, clock::child_cpu)
}

fn print(name: &str, costs: &[Costs], bar: Bar) {
    let [plain, watched, control] = [0, 1, 2].map(|index| costs[index].quiet() / 1_000.0);
    table::row(name, [plain, watched], plain / watched, bar);
    table::row(&format!("{name}: A/A control"), [plain, control], plain / control, Bar::None);
}
