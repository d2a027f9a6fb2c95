//! What a wrapped server costs, by its structure: allocations and writes, which machines agree on.
//! The times are in docs/performance.md.

use std::sync::Arc;

use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ContentBlock, JsonObject, RequestId, Tool,
};
use rmcp::service::{Peer, RequestContext};
use rmcp::{RoleServer, ServerHandler, ServiceExt, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use toolwatch::{Ack, Batch, Destination, Durability, SendError, Watch};

/// Allocations that a wrapped call may add to an unwatched one. Measured: 5.0, of which one is the
/// event in memory, one the ticket, and three its place in a request that has no extensions yet.
const MAX_PER_CALL: f64 = 5.5;

/// Allocations that a wrapper may add to a list, however many tools there are. Measured: 6.0, the
/// same and what the event says of the list.
const MAX_PER_LIST: f64 = 6.5;

#[derive(Deserialize, JsonSchema)]
struct Query {
    /// What to look for.
    text: String,
    /// How often.
    times: Option<u32>,
}

#[derive(Clone)]
struct Docs {
    router: Arc<ToolRouter<Self>>,
}

#[tool_router]
impl Docs {
    fn new() -> Self {
        Self { router: Arc::new(Self::tool_router()) }
    }

    /// Searches.
    #[tool]
    async fn plain(&self, Parameters(query): Parameters<Query>) -> String {
        format!("{} {:?}", query.text, query.times)
    }

    /// Searches.
    #[toolwatch::watched_tool]
    #[tool]
    async fn watched(&self, Parameters(query): Parameters<Query>) -> String {
        format!("{} {:?}", query.text, query.times)
    }
}

#[tool_handler(router = self.router)]
impl ServerHandler for Docs {}

/// A runtime of one thread, on which everything is counted, and the peer of a connection.
struct Bench {
    runtime: Runtime,
    peer: Peer<RoleServer>,
}

impl Bench {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let peer = runtime.block_on(async {
            let (near, far) = tokio::io::duplex(1 << 16);
            let (server, client) = tokio::join!(Docs::new().serve(far), ().serve(near));
            let (server, client) = (server.expect("a server"), client.expect("a client"));
            let peer = server.peer().clone();
            // They have to live as long as the peer.
            std::mem::forget((server, client));
            peer
        });
        Self { runtime, peer }
    }

    fn context(&self) -> RequestContext<RoleServer> {
        RequestContext::new(RequestId::Number(7), self.peer.clone())
    }

    fn call(&self, handler: &impl ServerHandler, tool: &'static str, count: usize) {
        self.runtime.block_on(async {
            for _ in 0..count {
                let Value::Object(arguments) = json!({ "text": "needle", "times": 3 }) else {
                    return;
                };
                let params = CallToolRequestParams::new(tool).with_arguments(arguments);
                let reply = handler.call_tool(params, self.context()).await;
                assert!(reply.is_ok());
            }
        });
    }

    fn list(&self, handler: &impl ServerHandler, tools: usize, count: usize) {
        self.runtime.block_on(async {
            for _ in 0..count {
                let page = handler.list_tools(None, self.context()).await.expect("a list");
                assert_eq!(page.tools.len(), tools);
            }
        });
    }
}

/// Allocations of one run, when everything that is made once has been made.
fn allocations(run: impl Fn(usize)) -> f64 {
    const COUNT: usize = 200;
    run(COUNT);
    allocation_counter::measure(|| run(COUNT)).count_total as f64 / COUNT as f64
}

/// Takes every batch and keeps nothing.
struct Discard;

impl Destination for Discard {
    fn name(&self) -> &str {
        "discard"
    }

    fn send(&mut self, _: &Batch<'_>) -> Result<Ack, SendError> {
        Ok(Ack::all())
    }
}

fn in_memory() -> Watch {
    let builder = Watch::builder().server("cost", "1").durability(Durability::Memory);
    let watch = builder.destination(Discard).build().expect("a watch");
    assert!(watch.is_enabled(), "the environment turns the watch off");
    watch
}

#[test]
fn a_wrapped_call_allocates_a_few_times_more_than_an_unwatched_one() {
    let (bench, docs) = (Bench::start(), Docs::new());
    for tool in ["plain", "watched"] {
        // Before there is a watch, the attribute does nothing either.
        let unwatched = allocations(|count| bench.call(&docs, "plain", count));
        let off = Watch::disabled().wrap(docs.clone());
        assert_eq!(allocations(|count| bench.call(&off, "plain", count)), unwatched, "{tool}");
        let watch = in_memory();
        let kept = watch.wrap(docs.clone());
        let handed = watch.wrap_with_router(docs.clone(), Arc::clone(&docs.router));
        let kept = allocations(|count| bench.call(&kept, tool, count)) - unwatched;
        let handed = allocations(|count| bench.call(&handed, tool, count)) - unwatched;
        println!("{tool}: {kept} more with the server's router, {handed} with the one handed over");
        assert!(kept <= MAX_PER_CALL, "{tool}: {kept}");
        assert!(handed <= MAX_PER_CALL, "{tool}: {handed}");
    }
}

fn routed(tools: usize) -> ToolRouter<Docs> {
    (0..tools).fold(ToolRouter::new(), |router, number| {
        let schema = json!({ "type": "object", "properties": { format!("p{number}"): { "type": "string" } } });
        let schema: JsonObject = schema.as_object().cloned().unwrap_or_default();
        let tool = Tool::new(format!("tool_{number}"), "Does something.", Arc::new(schema));
        router.with_route(ToolRoute::new_dyn(tool, |_| {
            Box::pin(async { Ok(CallToolResult::success(vec![ContentBlock::text("done")]).into()) })
        }))
    })
}

#[test]
fn a_wrapped_list_allocates_no_more_for_a_hundred_tools_than_for_ten() {
    let bench = Bench::start();
    let watch = in_memory();
    let added = [10, 100].map(|tools| {
        // A wrapper whose watch is off lists the same router in the same way.
        let unwatched = Watch::disabled().wrap_with_router(Docs::new(), routed(tools));
        let watched = watch.wrap_with_router(Docs::new(), routed(tools));
        let unwatched = allocations(|count| bench.list(&unwatched, tools, count));
        let added = allocations(|count| bench.list(&watched, tools, count)) - unwatched;
        println!("{tools} tools: {unwatched} unwatched, {added} more wrapped");
        added
    });
    assert!(added.iter().all(|added| *added <= MAX_PER_LIST), "{added:?}");
}

/// How often this process has asked the kernel to write.
#[cfg(target_os = "linux")]
fn writes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").expect("the process's own counters");
    let line = text.lines().find_map(|line| line.strip_prefix("syscw: "));
    line.and_then(|count| count.parse().ok()).expect("a count of writes")
}

/// In a process of its own, because the kernel counts by process and other suites write as well.
#[cfg(target_os = "linux")]
#[test]
fn a_wrapped_call_writes_once_with_the_spool_and_never_in_memory() {
    const CHILD: &str = "COST_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let name = "a_wrapped_call_writes_once_with_the_spool_and_never_in_memory";
        let program = std::env::current_exe().expect("this program");
        let child =
            std::process::Command::new(program).args([name, "--exact"]).env(CHILD, "1").output();
        let child = child.expect("the child runs");
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        return;
    }
    let (bench, docs) = (Bench::start(), Docs::new());
    let directory = tempfile::tempdir().expect("a directory");
    let spool = Watch::builder().server("cost", "1").local().directory(directory.path());
    for (watch, expected) in [(in_memory(), 0), (spool.build().expect("a watch"), 1)] {
        let wrapped = watch.wrap_with_router(docs.clone(), Arc::clone(&docs.router));
        for tool in ["plain", "watched"] {
            bench.call(&wrapped, tool, 200);
            let before = writes();
            bench.call(&wrapped, tool, 1_000);
            let per_call = (writes() - before) as f64 / 1_000.0;
            println!("{tool}: {per_call} writes");
            assert!(
                (per_call - f64::from(expected)).abs() < 0.05,
                "{tool}: {per_call} writes, not {expected}"
            );
        }
    }
}
