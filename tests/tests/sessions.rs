//! Sessions and identities over streamable HTTP, with real clients of both eras against one wrapped
//! server: which source says what the session is, in which order, and who calls (E2, E4, E5, E12).

use std::collections::{HashMap, HashSet};
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ProtocolVersion, RequestMetaObject};
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use toolwatch::local::Record;
use toolwatch::{IdentityLevel, RequestInfo, WatchBuilder};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::server::plain;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const LEGACY: ClientLifecycleMode = ClientLifecycleMode::Initialize;

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

#[derive(Clone)]
struct Named(&'static str);

impl ClientHandler for Named {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new(self.0, "7"))
    }
}

type Client = RunningService<RoleClient, Named>;

/// What a layer in front of the server has found out about the caller.
#[derive(Clone)]
struct Principal(String);

/// A layer that trusts the header, for the test.
async fn authenticate(
    mut request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let user = request.headers().get("x-user").and_then(|user| user.to_str().ok());
    if let Some(principal) = user.map(|user| Principal(user.to_owned())) {
        request.extensions_mut().insert(principal);
    }
    next.run(request).await
}

/// The hook of a server whose layer knows the caller.
fn principal(request: &RequestInfo<'_>) -> Option<String> {
    request.extension::<Principal>().map(|principal| principal.0.clone())
}

fn header(request: &RequestInfo<'_>, name: &str) -> Option<String> {
    request.headers()?.get(name)?.to_str().ok().map(str::to_owned)
}

struct Server {
    recorder: Recorder,
    url: String,
}

impl Server {
    async fn start(set: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Self {
        let recorder = Recorder::with(set);
        let watch = recorder.watch.clone();
        let service = StreamableHttpService::new(
            move || Ok(watch.wrap(plain::Server)),
            Arc::new(LocalSessionManager::default()),
            Default::default(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let app = axum::Router::new()
            .nest_service("/mcp", service)
            .layer(axum::middleware::from_fn(authenticate));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { recorder, url }
    }

    async fn connect(
        &self,
        name: &'static str,
        lifecycle: ClientLifecycleMode,
        headers: &[(&'static str, &str)],
    ) -> Client {
        let headers: HashMap<_, _> = headers
            .iter()
            .map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, value.parse().expect("a header"))
            })
            .collect();
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::from_config(config.custom_headers(headers));
        Named(name).serve_with_lifecycle(transport, lifecycle).await.expect("the client connects")
    }

    /// The events of the calls, in their order.
    fn calls(&self) -> Vec<Record> {
        let mut records = self.recorder.records();
        records.retain(|record| record.event_type == "tool_call");
        records
    }
}

async fn call(client: &Client, traceparent: Option<&str>) {
    let mut params = CallToolRequestParams::new("nothing");
    if let Some(traceparent) = traceparent {
        let meta = json!({ "traceparent": traceparent });
        params.meta = serde_json::from_value::<RequestMetaObject>(meta).ok();
    }
    let reply = client.call_tool(params).await.expect("a reply");
    assert_ne!(reply.is_error, Some(true));
}

fn source(record: &Record) -> (&str, &str) {
    let session = &record.attributes.session;
    (session["source"].as_str().unwrap_or(""), session["confidence"].as_str().unwrap_or(""))
}

fn key(record: &Record) -> &str {
    record.attributes.session["key"].as_str().unwrap_or("")
}

fn identity(record: &Record) -> Value {
    record.attributes.others.get("identity").cloned().unwrap_or_default()
}

#[tokio::test]
async fn e4_the_sources_of_a_session_have_their_order() {
    let server = Server::start(|builder| {
        builder
            .session_resolver(|request| header(request, "x-session"))
            .identify(|request| ready(Ok::<_, ()>(principal(request))))
    })
    .await;
    let everything = [("x-session", "mine"), ("x-user", "ann")];
    let resolved = server.connect("c", LEGACY, &everything).await;
    call(&resolved, Some(TRACEPARENT)).await;
    let legacy = server.connect("c", LEGACY, &[("x-user", "ann")]).await;
    call(&legacy, Some(TRACEPARENT)).await;
    let empty = [("x-session", ""), ("x-user", "ann")];
    let current = server.connect("c", stateless(), &empty).await;
    call(&current, Some(TRACEPARENT)).await;
    call(&current, None).await;
    let nobody = server.connect("c", stateless(), &[]).await;
    call(&nobody, None).await;
    let calls = server.calls();
    let sources: Vec<_> = calls.iter().map(source).collect();
    let expected = [
        ("resolver", "high"),
        ("http_header", "high"),
        ("trace", "medium"),
        ("caller", "low"),
        ("", ""),
    ];
    assert_eq!(sources, expected);
    let keys: HashSet<_> = calls.iter().map(key).collect();
    assert_eq!(keys.len(), 5, "each source has keys of its own: {keys:?}");
    assert!(calls.iter().all(|call| call.transport_type.as_deref() == Some("streamable-http")));
    assert!(calls[..4].iter().all(|call| identity(call)["hash"].is_string()));
    assert!(identity(&calls[4]).is_null());
}

#[tokio::test]
async fn e4_the_resolver_groups_connections_and_a_panic_costs_only_its_answer() {
    let server = Server::start(|builder| {
        builder.session_resolver(|request| match header(request, "x-session")?.as_str() {
            "panic" => panic!("the author's resolver"),
            session => Some(session.to_owned()),
        })
    })
    .await;
    let before = server.recorder.watch.stats().capture_faults;
    for session in ["a", "b", "a", "panic"] {
        let client = server.connect("c", stateless(), &[("x-session", session)]).await;
        call(&client, None).await;
    }
    let calls = server.calls();
    assert_eq!((key(&calls[0]), key(&calls[0]).len()), (key(&calls[2]), 16));
    assert_ne!(key(&calls[0]), key(&calls[1]));
    assert_eq!(source(&calls[3]), ("", ""));
    assert!(server.recorder.watch.stats().capture_faults > before);
}

#[tokio::test]
async fn e2_e12_an_identified_caller_has_a_session_per_client_within_the_gap() {
    let server =
        Server::start(|builder| builder.identify(|request| ready(Ok::<_, ()>(principal(request)))))
            .await;
    for (client, user) in [("x", "ann"), ("x", "ann"), ("y", "ann"), ("x", "bob"), ("x", "ann")] {
        let client = server.connect(client, stateless(), &[("x-user", user)]).await;
        call(&client, None).await;
    }
    let calls = server.calls();
    let keys: Vec<_> = calls.iter().map(key).collect();
    assert!(calls.iter().all(|call| source(call) == ("caller", "low")));
    assert!(keys[0] == keys[1] && keys[0] == keys[4], "{keys:?}");
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 3, "{keys:?}");
    let hashes: HashSet<_> = calls.iter().map(|call| identity(call).to_string()).collect();
    assert_eq!(hashes.len(), 2, "one per caller, whatever its client: {hashes:?}");
    assert!(!hashes.iter().any(|hash| hash.contains("ann") || hash.contains("bob")));
}

#[tokio::test]
async fn e2_a_caller_that_was_quiet_for_longer_than_the_gap_has_another_session() {
    let server = Server::start(|builder| {
        let gap = Duration::from_nanos(1);
        builder.session_gap(gap).identify(|request| ready(Ok::<_, ()>(principal(request))))
    })
    .await;
    let client = server.connect("c", stateless(), &[("x-user", "ann")]).await;
    call(&client, None).await;
    call(&client, None).await;
    let calls = server.calls();
    assert_ne!(key(&calls[0]), key(&calls[1]));
    assert_eq!(identity(&calls[0]), identity(&calls[1]));
}

#[tokio::test]
async fn e12_a_label_is_recorded_when_the_author_says_so_and_connections_stay_apart() {
    let server = Server::start(|builder| {
        builder
            .identity_level(IdentityLevel::Label)
            .identify(|request| ready(Ok::<_, ()>(principal(request))))
    })
    .await;
    let ann = server.connect("c", LEGACY, &[("x-user", "tenant<1>")]).await;
    let bob = server.connect("c", LEGACY, &[("x-user", "tenant2")]).await;
    for client in [&ann, &bob, &ann] {
        call(client, None).await;
    }
    let labels: Vec<_> = server.calls().iter().map(identity).collect();
    let label = |label: &str| json!({ "label": label });
    assert_eq!(labels, [label("tenant_1_"), label("tenant2"), label("tenant_1_")]);
}
