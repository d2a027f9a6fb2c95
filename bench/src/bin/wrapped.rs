//! Bar 1 for wrapped servers: what `watch.wrap` costs the server's thread, for tools with the
//! attribute and for tools without it, beside the same server unwatched. The driver's thread is not
//! counted.
//!
//! First with a router that the server keeps, then with rmcp's default handler, which builds it
//! anew in every request. `--mode memory --only NAME --count N` makes N calls of one subject and
//! nothing else, for a profiler.

use toolwatch_bench::many::{one, one_watched};
use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::server::{Routed, plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::thread::ServerThread;
use toolwatch_bench::watches;

use toolwatch::Watch;

/// The subjects whose server keeps its router. The first two are the A/A control.
const KEPT: [&str; 6] = ["kept, unwatched", "kept, A/A control", "kept, attribute alone", "kept, wrapped, plain", "kept, wrapped, attribute", "kept, wrapped, off"];

/// The subjects with rmcp's default handler.
const DEFAULT: [&str; 6] = ["default, unwatched", "default, A/A control", "default, wrapped, plain", "default, wrapped, attribute", "default, router, plain", "default, router, attribute"];

fn main() {
    let settings = Settings::from_args();
    match (settings.value("--mode"), settings.value("--only")) {
        (Some(mode), Some(only)) => profile(mode, only, &settings),
        (Some(mode), None) => measure(mode, &settings),
        _ => ["memory", "spool"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

/// Starts the subject of this name.
fn start(name: &str, watch: &Watch) -> ServerThread {
    let watch = watch.clone();
    let server = match name {
        "kept, attribute alone" => ServerThread::start(name, watched::Server::new),
        "kept, wrapped, plain" => ServerThread::start(name, move || watch.wrap(plain::Server::new())),
        "kept, wrapped, attribute" => ServerThread::start(name, move || watch.wrap(watched::Server::new())),
        "kept, wrapped, off" => ServerThread::start(name, || Watch::disabled().wrap(plain::Server::new())),
        "default, unwatched" | "default, A/A control" => ServerThread::start(name, || one::Server),
        "default, wrapped, plain" => ServerThread::start(name, move || watch.wrap(one::Server)),
        "default, wrapped, attribute" => ServerThread::start(name, move || watch.wrap(one_watched::Server)),
        "default, router, plain" => {
            ServerThread::start(name, move || watch.wrap_with_router(one::Server, one::Server::tool_router()))
        }
        "default, router, attribute" => {
            let router = one_watched::Server::tool_router;
            ServerThread::start(name, move || watch.wrap_with_router(one_watched::Server, router()))
        }
        _ => ServerThread::start(name, plain::Server::new),
    };
    let mut server = server.expect("a server");
    let reply = server.driver.sample().expect("a reply");
    assert!(reply.contains("20 hits in guides/handlers for 3 terms"), "{reply}");
    server
}

/// Makes calls of one subject only.
fn profile(mode: &str, only: &str, settings: &Settings) {
    let watching = watches::install(mode);
    let count = settings.value("--count").and_then(|count| count.parse().ok()).unwrap_or(1_000);
    start(only, &watching.watch).driver.call(count, 1).expect("replies");
}

fn measure(mode: &str, settings: &Settings) {
    let watching = watches::install(mode);
    // The bars of the attribute's watched call.
    let bars = if mode == "memory" { [0.91, 0.93] } else { [0.84, 0.87] };
    for names in [KEPT, DEFAULT] {
        let mut servers = names.map(|name| start(name, &watching.watch));
        table::head(&format!("server only, {mode}: us of CPU per call"), ["unwatched", "subject"]);
        for (kind, depth, bar) in [("sequential", 1, bars[0]), ("pipelined x64", 64, bars[1])] {
            servers.iter_mut().for_each(|server| server.driver.call(4_000, depth).expect("replies"));
            let rounds = settings.scaled(300);
            let costs = interleave(&mut servers, rounds, |server| round(server, depth));
            print(kind, &names, &costs, bar);
        }
    }
    watching.report();
}

fn round(server: &mut ServerThread, depth: usize) -> f64 {
    const CALLS: usize = 256;
    server.driver.call(32, depth).expect("replies");
    let before = server.cpu();
    server.driver.call(CALLS, depth).expect("replies");
    per_call(server.cpu() - before, CALLS)
}

fn print(kind: &str, names: &[&str], costs: &[Costs], bar: f64) {
    let us = |costs: &Costs| costs.quiet() / 1_000.0;
    let unwatched = us(&costs[0]);
    for (name, costs) in names.iter().zip(costs).skip(1) {
        let bar = if name.ends_with("control") || name.ends_with("off") { Bar::None } else { Bar::AtLeast(bar) };
        table::row(&format!("{kind}: {name}"), [unwatched, us(costs)], unwatched / us(costs), bar);
    }
}
