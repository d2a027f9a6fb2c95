//! What an author may do at an odd moment: within a call, twice, or thousands of times at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ListToolsResult, PaginatedRequestParams, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use toolwatch_tests::observed::offline;
use toolwatch_tests::server::{plain, watched};

use crate::here::{Here, OTHER_METHODS, PATIENCE};
use crate::session::{Session, replies, twin};

/// A server that does something of its own within each call.
#[derive(Clone)]
struct Doing<F>(F);

impl<F: Fn() + Clone + Send + Sync + 'static> ServerHandler for Doing<F> {
    fn get_info(&self) -> ServerConfig {
        watched::Server.get_info()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        (self.0)();
        watched::Server.call_tool(request, context).await
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        watched::Server.list_tools(request, context).await
    }
}

/// Connects a client to a server under the same watch that does this within each call.
async fn doing(here: &mut Here, within: impl Fn() + Clone + Send + Sync + 'static) {
    here.session = Session::with(here.watch.wrap(Doing(within))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_is_built_within_a_call() {
    let mut here = Here::start("a watch is built within each call", |builder, _| builder).await;
    let directory = here.directory.path().join("spool");
    let others = Arc::<Mutex<Vec<_>>>::default();
    let built = Arc::clone(&others);
    doing(&mut here, move || {
        let builder = offline().local().directory(&directory);
        let watch = builder.build().expect("another watch");
        watch.event("another").record();
        built.lock().unwrap_or_else(PoisonError::into_inner).push(watch);
    })
    .await;
    here.rounds(2).await;
    let numbers = here.check().await;
    let delivered = numbers.get("delivered") as usize;
    assert_eq!(delivered, here.session.calls, "{numbers:?}");
    for watch in others.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        assert_eq!(watch.stats().own().captured(), 1);
    }
}

#[tokio::test]
async fn a_flush_within_a_call() {
    let mut here = Here::start("flush within each call, on one thread", |builder, _| builder).await;
    let watch = here.watch.clone();
    doing(&mut here, move || {
        watch.flush(Duration::from_millis(200));
    })
    .await;
    here.rounds(2).await;
    here.check_delivered().await;
}

#[tokio::test]
async fn a_shutdown_within_a_call() {
    let mut here =
        Here::start("shutdown within each call, on one thread", |builder, _| builder).await;
    let watch = here.watch.clone();
    doing(&mut here, move || {
        watch.shutdown(PATIENCE);
    })
    .await;
    here.rounds(2).await;
    let numbers = here.check_now().await;
    let calls = here.session.calls as u64;
    assert_eq!((numbers.get("captured"), numbers.get("spooled")), (calls, calls));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_watches_share_a_directory() {
    let mut here = Here::start("two watches share a directory", |builder, _| builder).await;
    let second = offline()
        .directory(here.directory.path().join("spool"))
        .flush_interval(Duration::from_millis(20))
        .http_timeout(PATIENCE)
        .skip_methods(OTHER_METHODS)
        .endpoint(here.receiver.endpoint())
        .api_key("key")
        .build()
        .expect("a second watch");
    let mut other = Session::with(second.wrap(watched::Server)).await;
    for _ in 0..3 {
        here.rounds(1).await;
        other.round().await;
    }
    second.flush(PATIENCE);
    let numbers = here.check().await;
    assert_eq!((other.failed, other.bytes() == twin(3).await), (0, true));
    let stats = second.stats();
    assert!(stats.is_balanced());
    let delivered = numbers.get("delivered") + stats.own().delivered();
    assert_eq!(delivered as usize, here.session.calls + other.calls);
    let mut ids = here.receiver.event_ids();
    assert_eq!(ids.len() as u64, delivered, "none is sent twice");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len() as u64, delivered);
}

/// Calls at once.
const CROWD: usize = 3_000;

async fn crowd(session: &mut Session) {
    let client =
        Arc::new(std::mem::replace(&mut session.client, Session::with(plain::Server).await.client));
    let calls: Vec<_> = (0..CROWD)
        .map(|number| {
            let client = Arc::clone(&client);
            let arguments = json!({ "text": number.to_string() });
            tokio::spawn(async move { replies(&client, "echo", arguments).await })
        })
        .collect();
    for call in calls {
        session.calls += 1;
        session.failed += usize::from(!call.await.expect("the call's task"));
    }
}

/// What was read, line by line in an order of its own. Which number a call got is chance.
fn contents(session: &Session) -> Vec<String> {
    let text = String::from_utf8(session.bytes()).expect("text");
    let mut lines: Vec<_> = text
        .lines()
        .map(|line| {
            let mut json: serde_json::Value = serde_json::from_str(line).expect("a message");
            json["id"] = json!(0);
            json.to_string()
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_calls_at_once() {
    let name = "3,000 calls at once";
    let mut here = Here::start(name, |builder, _| builder).await;
    let mut healthy = Session::with(plain::Server).await;
    let before = Instant::now();
    crowd(&mut here.session).await;
    crowd(&mut healthy).await;
    assert!(before.elapsed() < 2 * PATIENCE, "{:?}", before.elapsed());
    here.watch.flush(PATIENCE);
    let numbers = here.numbers();
    let equal = contents(&here.session) == contents(&healthy);
    crate::row::print(name, here.session.calls, here.session.failed, equal, &numbers);
    assert_eq!(healthy.failed, 0);
    let delivered = (numbers.get("captured"), numbers.get("delivered"));
    assert_eq!(delivered, (CROWD as u64, CROWD as u64));
}
