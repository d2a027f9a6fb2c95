//! Bar 1: what the watched call costs the server, beside an unwatched one and a hand-written span
//! of the OpenTelemetry SDK. The driver's thread is not counted.

use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::server::{Routed, plain, spanned, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::thread::ServerThread;
use toolwatch_bench::watches;

/// Ratio at least, sequential and pipelined, and added CPU over that of the span at most.
struct Bars {
    sequential: f64,
    pipelined: f64,
    span: f64,
}

fn main() {
    let settings = Settings::from_args();
    match settings.value("--mode") {
        Some(mode) => measure(mode, &settings),
        None => ["memory", "spool"].iter().for_each(|mode| settings.run_mode(mode)),
    }
}

fn bars(mode: &str) -> Bars {
    match mode {
        // Without the schema check; the hash cannot be left out, so the bar of 0.97 stays printed.
        "memory" if cfg!(not(feature = "full")) => Bars { sequential: 0.97, pipelined: 0.97, span: 0.8 },
        "memory" => Bars { sequential: 0.91, pipelined: 0.93, span: 0.8 },
        _ => Bars { sequential: 0.84, pipelined: 0.87, span: 1.3 },
    }
}

fn measure(mode: &str, settings: &Settings) {
    let watching = watches::install(mode);
    let mut servers = [
        ServerThread::start("plain-a", plain::Server::new),
        ServerThread::start("plain-b", plain::Server::new),
        ServerThread::start("watched", watched::Server::new),
        ServerThread::start("spanned", spanned::Server::new),
    ]
    .map(|server| server.expect("a server"));
    for server in &mut servers {
        let reply = server.driver.sample().expect("a reply");
        assert!(reply.contains("20 hits in guides/handlers for 3 terms"), "{reply}");
    }
    let bars = bars(mode);
    let kind = if cfg!(feature = "full") { "default features" } else { "without the schema check" };
    table::head(&format!("server only, {mode}, {kind}: us of CPU per call"), ["unwatched", "subject"]);
    let rounds = settings.scaled(400);
    for (name, depth, bar) in [("sequential", 1, bars.sequential), ("pipelined x64", 64, bars.pipelined)] {
        warm(&mut servers, 4_000, depth);
        let costs = interleave(&mut servers, rounds, |server| warm_round(server, 256, depth));
        print(&format!("{name}, warm"), &costs, bar, bars.span);
    }
    let costs = interleave(&mut servers, settings.scaled(1_000), cold_call);
    print("sequential, cold caches", &costs, f64::NAN, f64::NAN);
    watching.report();
}

fn warm(servers: &mut [ServerThread], calls: usize, depth: usize) {
    for server in servers {
        server.driver.call(calls, depth).expect("replies");
    }
}

fn warm_round(server: &mut ServerThread, calls: usize, depth: usize) -> f64 {
    server.driver.call(32, depth).expect("replies");
    let before = server.cpu();
    server.driver.call(calls, depth).expect("replies");
    per_call(server.cpu() - before, calls)
}

fn cold_call(server: &mut ServerThread) -> f64 {
    let before = server.chill();
    server.driver.call(1, 1).expect("a reply");
    per_call(server.cpu() - before, 1)
}

fn print(name: &str, costs: &[Costs], bar: f64, span_bar: f64) {
    let [plain, control, watched, spanned] = costs else { return };
    let at = |bar: f64, make: fn(f64) -> Bar| if bar.is_nan() { Bar::None } else { make(bar) };
    let ratio = |subject: &str, costs: &Costs, bar: Bar| {
        let values = [plain.quiet() / 1_000.0, costs.quiet() / 1_000.0];
        table::row(&format!("{name}: {subject}"), values, values[0] / values[1], bar);
    };
    ratio("A/A control", control, Bar::None);
    ratio("watched", watched, at(bar, Bar::AtLeast));
    ratio("OpenTelemetry span", spanned, Bar::None);
    let medians = [plain.median() / 1_000.0, watched.median() / 1_000.0];
    table::row(&format!("{name}: watched, medians"), medians, medians[0] / medians[1], Bar::None);
    let added = |costs: &Costs| (costs.quiet() - plain.quiet().min(control.quiet())) / 1_000.0;
    let added = [added(spanned), added(watched)];
    table::row(&format!("{name}: added, span and watched"), added, added[1] / added[0], at(span_bar, Bar::AtMost));
}
