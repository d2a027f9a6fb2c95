//! What one scrape of the metrics costs: text, processor time and allocations, at 1, 100 and 1,000
//! tools, each with every kind of series that its own calls can make: those that went well, those
//! that failed, those whose arguments did not fit, and those with a JSON-RPC code.
//!
//! 1,000 tools are the most that have series of their own.

use std::borrow::Cow;
use std::hint::black_box;

use allocation_counter::measure;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::{ErrorData, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::Watch;
use toolwatch::prometheus::Exporter;
use toolwatch_bench::clock;
use toolwatch_bench::everything::scrape;
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table;
use toolwatch_bench::thread::ServerThread;

#[derive(Clone)]
struct Server {
    router: ToolRouter<Server>,
}

#[derive(Deserialize, JsonSchema)]
struct Ending {
    /// 0 goes well, 1 fails, 2 fails with a code.
    kind: u32,
}

#[tool_router(router = router_of_one)]
impl Server {
    /// Ends as it is told.
    #[tool]
    async fn end(&self, Parameters(ending): Parameters<Ending>) -> Result<CallToolResult, ErrorData> {
        match ending.kind {
            0 => Ok(CallToolResult::success(vec![ContentBlock::text("well")])),
            1 => Ok(CallToolResult::error(vec![ContentBlock::text("badly")])),
            _ => Err(ErrorData::internal_error("worse", None)),
        }
    }
}

impl Server {
    fn new(tools: usize) -> Self {
        let router = (0..tools).fold(ToolRouter::new(), |router, number| {
            let mut tool = Self::end_tool_attr();
            tool.name = Cow::Owned(name(number));
            router.with_route((tool, Self::end))
        });
        Self { router }
    }
}

#[tool_handler(router = self.router)]
impl rmcp::ServerHandler for Server {}

/// As long as names of tools are.
fn name(number: usize) -> String {
    format!("search_documents_{number:03}")
}

fn main() {
    let settings = Settings::from_args();
    for tools in [1, 100, 1_000] {
        measure_at(tools, settings.scaled(200));
    }
}

fn measure_at(tools: usize, rounds: usize) {
    let watch = Watch::builder().server("bench", "1.0.0").prometheus_listen(([127, 0, 0, 1], 0).into()).build().expect("a watch");
    let of_server = watch.clone();
    let server = ServerThread::start("server", move || of_server.wrap(Server::new(tools)));
    let mut server = server.expect("a server");
    server.driver.set_requests(vec![request("tools/list", &json!({}))]);
    server.driver.call(1, 1).expect("a list");
    let kinds = [json!(0), json!(1), json!(2), json!("none")];
    let calls = (0..tools).flat_map(|number| kinds.clone().map(|kind| call(number, &kind)));
    server.driver.set_requests(calls.collect());
    server.driver.call(4 * tools, 1).expect("replies");
    let exporter = Exporter::new(&watch);
    let text = exporter.text();
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    let named = text.lines().filter(|line| line.starts_with("mcp_tool_in_flight")).count();
    assert!(named >= tools && named <= tools + 1, "{named} of {tools} tools have series");
    let mut times: Vec<f64> = (0..rounds).map(|_| spent(|| drop(black_box(exporter.text())))).collect();
    times.sort_by(f64::total_cmp);
    let allocated = measure(|| drop(black_box(exporter.text())));
    let address = watch.prometheus_address().expect("a listener");
    table::head(&format!("one scrape, {tools} tools, 4 outcomes each: {samples} samples, {} bytes of text", text.len()), ["quiet", "median"]);
    let (quiet, median) = (times[rounds / 10], times[rounds / 2]);
    table::row("ms of CPU", [quiet, median], quiet, table::Bar::None);
    table::single("ns of CPU per sample", quiet * 1e6 / samples as f64, table::Bar::None);
    table::single("allocations per sample", allocated.count_total as f64 / samples as f64, table::Bar::None);
    table::single("MiB allocated at once, at most", allocated.bytes_max as f64 / 1_048_576.0, table::Bar::None);
    table::single("bytes over the listener, head included", scrape(address) as f64, table::Bar::None);
}

/// Milliseconds of this thread.
fn spent(work: impl FnOnce()) -> f64 {
    let before = clock::thread_cpu();
    work();
    (clock::thread_cpu() - before).as_secs_f64() * 1e3
}

fn call(number: usize, kind: &Value) -> Vec<u8> {
    request("tools/call", &json!({ "name": name(number), "arguments": { "kind": kind } }))
}

fn request(method: &str, params: &Value) -> Vec<u8> {
    format!("{}\n", json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).into_bytes()
}
