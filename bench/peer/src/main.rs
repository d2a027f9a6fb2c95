//! Bar 8: toolwatch and agentcat-sdk 1.0.0 on the same server and the same calls, both delivering
//! over HTTP to loopback receivers that discard.
//!
//! agentcat-sdk is given its API base with `Options::api_base_url` and a project that does not
//! exist; nothing leaves the machine. It keeps its defaults but for its log, which goes to `tracing`
//! (where nobody listens) instead of a file in the home directory.

use std::time::Duration;

use agentcat_sdk::{AgentCat, LogDestination, Options};
use tokio::runtime::Builder;
use toolwatch_bench::clock;
use toolwatch_bench::pairs::{self, Pair};
use toolwatch_bench::receiver::Receiver;
use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::server::{Routed, plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::thread::ServerThread;
use toolwatch_bench::watches::{self, Watching};

/// Calls of a round: fewer than either queue holds.
const CALLS: usize = 500;

/// Long enough for either to deliver what waits.
const FLUSH: Duration = Duration::from_secs(30);

/// What delivers in the background.
struct Background {
    watching: Watching,
    agentcat: AgentCat,
}

impl Background {
    fn flush(&self) {
        self.watching.watch.flush(FLUSH);
        assert!(self.agentcat.flush_blocking(FLUSH), "agentcat-sdk did not deliver in time");
    }
}

fn main() {
    pairs::provide_tls();
    let settings = Settings::from_args();
    let mode = settings.value("--mode").unwrap_or("spool").to_owned();
    // The receiver of toolwatch is addressed by a name that is not loopback by its looks, because
    // bodies to a loopback address are not compressed, and those to a real endpoint are.
    let receivers = ["{}", "{}"].map(|reply| Receiver::start(reply).expect("a receiver"));
    let url = receivers[0].url().replace("127.0.0.1", "0.0.0.0");
    let background = Background {
        watching: watches::install_with(&mode, |builder| builder.endpoint(url).api_key("bench-key-of-no-account")),
        agentcat: AgentCat::new(
            "proj_bench_of_no_account",
            Options::default().api_base_url(receivers[1].url()).log_destination(LogDestination::Tracing),
        ),
    };
    table::head(&format!("beside agentcat-sdk 1.0.0, toolwatch {mode}"), ["agentcat", "toolwatch"]);
    measure_cpu(&background, &receivers, &settings);
    measure_throughput(&background, &settings);
    background.watching.report();
}

fn measure_cpu(background: &Background, receivers: &[Receiver; 2], settings: &Settings) {
    let agentcat = background.agentcat.clone();
    let mut servers = [
        ServerThread::start("plain", plain::Server::new),
        ServerThread::start("watched", watched::Server::new),
        ServerThread::start("tracked", move || agentcat.track(plain::Server::new())),
    ]
    .map(|server| server.expect("a server"));
    for server in &mut servers {
        assert!(server.driver.sample().expect("a reply").contains("20 hits"));
        server.driver.call(CALLS, 1).expect("replies");
        background.flush();
    }
    let before = [receivers[0].counts(), receivers[1].counts()];
    let rounds = settings.scaled(40);
    let thread = interleave(&mut servers, rounds, |server| {
        let before = server.cpu();
        server.driver.call(CALLS, 1).expect("replies");
        let spent = server.cpu() - before;
        background.flush();
        per_call(spent, CALLS)
    });
    added("added CPU of the calling thread, us", &thread, Bar::AtMost(1.0 / 20.0));
    let process = interleave(&mut servers, rounds, |server| {
        let before = clock::process_cpu() - clock::named_cpu("receiver");
        server.driver.call(CALLS, 1).expect("replies");
        background.flush();
        per_call(clock::process_cpu() - clock::named_cpu("receiver") - before, CALLS)
    });
    added("added CPU of the process, delivered, us", &process, Bar::None);
    let events = (2 * rounds * CALLS) as f64;
    let [requests, bytes, bodies] = [0, 1, 2].map(|index| {
        [1, 0].map(|subject: usize| (receivers[subject].counts()[index] - before[subject][index]) as f64 / events)
    });
    table::row("bytes per event on the wire, with headers", bytes, bytes[1] / bytes[0], Bar::AtMost(1.0 / 8.0));
    table::row("bytes per event in bodies", bodies, bodies[1] / bodies[0], Bar::None);
    table::row("requests per event", requests, requests[1] / requests[0], Bar::None);
}

fn added(name: &str, costs: &[Costs], bar: Bar) {
    let [plain, watched, tracked] = [0, 1, 2].map(|index| costs[index].quiet() / 1_000.0);
    let values = [tracked - plain, watched - plain];
    table::row(name, values, values[1] / values[0], bar);
}

fn measure_throughput(background: &Background, settings: &Settings) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let agentcat = background.agentcat.clone();
    let mut pairs = runtime
        .block_on(async {
            [
                Pair::duplex(plain::Server::new()).await,
                Pair::duplex(watched::Server::new()).await,
                Pair::duplex(agentcat.track(plain::Server::new())).await,
            ]
        })
        .map(|pair| pair.expect("a pair"));
    let wall = interleave(&mut pairs, settings.scaled(40), |pair| {
        let before = std::time::Instant::now();
        runtime.block_on(pair.call(CALLS, 50));
        let spent = before.elapsed();
        background.flush();
        per_call(spent, CALLS)
    });
    let [plain, watched, tracked] = [0, 1, 2].map(|index| wall[index].quiet());
    let values = [plain / tracked, plain / watched];
    table::row("duplex throughput, over unwatched", values, values[1] / values[0], Bar::None);
}
