//! Bar 7: `tools/list` of a wrapped server over that of the same server unwatched, and calls of a
//! server that hands its router over against rmcp's default handler, which builds the router anew
//! in every request. The server's thread alone is counted.
//!
//! `--only NAME --count N` lists N times with one subject and nothing else, for a profiler.

use rmcp::ServerHandler;
use rmcp::handler::server::router::tool::ToolRouter;
use toolwatch::{IntentScope, Watch};
use toolwatch_bench::lines;
use toolwatch_bench::many::{hundred, hundred_watched, one, one_watched, ten, ten_watched};
use toolwatch_bench::rounds::{Costs, interleave, per_call};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::thread::ServerThread;
use toolwatch_bench::watches;

/// Who lists a hundred tools. The first two are the A/A control.
const LISTS: [&str; 10] = [
    "unwatched",
    "A/A control",
    "wrapped, plain",
    "wrapped, plain, asks for the intent",
    "wrapped, plain, another thread, asks for the intent",
    "wrapped, attribute, does not ask",
    "wrapped, attribute, asks for the intent",
    "router, plain",
    "router, attribute, asks for the intent",
    "router, watch off",
];

fn main() {
    let settings = Settings::from_args();
    if let Some(only) = settings.value("--only") {
        let count = settings.value("--count").and_then(|count| count.parse().ok()).unwrap_or(100);
        return lister(only).driver.call(count, 1).expect("replies");
    }
    measure_lists(&settings);
    table::head("calls of a server that hands its router over: us of CPU per call", ["default", "router"]);
    let watch = &watches::build(IntentScope::Attributed);
    let (plain, attribute) = ((one::Server, one::Server::tool_router as _), (one_watched::Server, one_watched::Server::tool_router as _));
    measure_calls("1 tool", plain, attribute, Bar::None, watch, &settings);
    let (plain, attribute) = ((ten::Server, ten::Server::tool_router as _), (ten_watched::Server, ten_watched::Server::tool_router as _));
    measure_calls("10 tools", plain, attribute, Bar::AtLeast(1.4), watch, &settings);
    let (plain, attribute) =
        ((hundred::Server, hundred::Server::tool_router as _), (hundred_watched::Server, hundred_watched::Server::tool_router as _));
    measure_calls("100 tools", plain, attribute, Bar::AtLeast(6.0), watch, &settings);
}

/// Starts a subject with a watch of its own: what a watch learns of a server type it knows for all
/// servers of that type, and rmcp makes the same schema anew on each thread.
fn lister(name: &str) -> ServerThread {
    let watch = watches::build(match name {
        name if name.starts_with("wrapped, plain, ") => IntentScope::All,
        name if name.ends_with(", asks for the intent") => IntentScope::Attributed,
        _ => IntentScope::None,
    });
    let plain = hundred::Server::tool_router;
    let attribute = hundred_watched::Server::tool_router;
    if name.contains("another thread") {
        let watch = watch.clone();
        let mut first = ServerThread::start("first", move || watch.wrap(hundred::Server)).expect("a server");
        first.driver.set_requests(lines::listing());
        first.driver.call(1, 1).expect("a reply");
    }
    let server = match name {
        name if name.starts_with("wrapped, plain") => ServerThread::start(name, move || watch.wrap(hundred::Server)),
        "wrapped, attribute, does not ask" => ServerThread::start(name, move || watch.wrap(hundred_watched::Server)),
        "wrapped, attribute, asks for the intent" => ServerThread::start(name, move || watch.wrap(hundred_watched::Server)),
        "router, plain" => ServerThread::start(name, move || watch.wrap_with_router(hundred::Server, plain())),
        "router, attribute, asks for the intent" => {
            ServerThread::start(name, move || watch.wrap_with_router(hundred_watched::Server, attribute()))
        }
        "router, watch off" => ServerThread::start(name, move || Watch::disabled().wrap_with_router(hundred::Server, plain())),
        _ => ServerThread::start(name, || hundred::Server),
    };
    let mut server = server.expect("a server");
    server.driver.set_requests(lines::listing());
    let reply = server.driver.sample().expect("a reply");
    let asks = reply.matches("\"context\":{").count();
    let expected = if name.ends_with(", asks for the intent") { 100 } else { 0 };
    assert_eq!((reply.matches("\"inputSchema\"").count(), asks), (100, expected), "{name}");
    server
}

fn measure_lists(settings: &Settings) {
    let mut servers = LISTS.map(|name| lister(name));
    servers.iter_mut().for_each(|server| server.driver.call(20, 1).expect("replies"));
    let costs = interleave(&mut servers, settings.scaled(150), |server| round(server, 16));
    table::head("tools/list of 100 tools: us of CPU per list", ["unwatched", "subject"]);
    let unwatched = us(&costs[0]);
    for (name, costs) in LISTS.iter().zip(&costs).skip(1) {
        let bar = if name.starts_with("A/A") || name.ends_with("off") { Bar::None } else { Bar::AtMost(1.1) };
        table::row(name, [unwatched, us(costs)], us(costs) / unwatched, bar);
    }
}

fn us(costs: &Costs) -> f64 {
    costs.quiet() / 1_000.0
}

fn round(server: &mut ServerThread, requests: usize) -> f64 {
    server.driver.call(requests / 8, 1).expect("replies");
    let before = server.cpu();
    server.driver.call(requests, 1).expect("replies");
    per_call(server.cpu() - before, requests)
}

/// A server, and what makes its router.
type Routed<H> = (H, fn() -> ToolRouter<H>);

fn measure_calls<P, A>(name: &str, plain: Routed<P>, attribute: Routed<A>, bar: Bar, watch: &Watch, settings: &Settings)
where
    P: ServerHandler + Clone,
    A: ServerHandler,
{
    let (of_plain, of_attribute) = (watch.clone(), watch.clone());
    let (unwatched, control) = (plain.0.clone(), plain.0.clone());
    let mut servers = [
        ServerThread::start("unwatched", move || unwatched),
        ServerThread::start("control", move || control),
        ServerThread::start("router", move || of_plain.wrap_with_router(plain.0, plain.1())),
        ServerThread::start("attribute", move || of_attribute.wrap_with_router(attribute.0, attribute.1())),
    ]
    .map(|server| server.expect("a server"));
    for server in &mut servers {
        let reply = server.driver.sample().expect("a reply");
        assert!(reply.contains("20 hits in guides/handlers for 3 terms"), "{reply}");
        server.driver.call(500, 1).expect("replies");
    }
    let costs = interleave(&mut servers, settings.scaled(200), |server| round(server, 64));
    let default = us(&costs[0]);
    for (at, kind, bar) in [(1, "A/A control", Bar::None), (2, "router, plain", bar), (3, "router, attribute", bar)] {
        table::row(&format!("{name}: {kind}"), [default, us(&costs[at])], default / us(&costs[at]), bar);
    }
}
