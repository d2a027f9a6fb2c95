//! Calls over streamable HTTP: real clients of both lifecycles against one watched server (E).

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::model::{CallToolRequestParams, ProtocolVersion, RequestMetaObject};
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use toolwatch::local::Record;
use toolwatch_tests::observed::{Observed, Recorder};
use toolwatch_tests::server::watched;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

#[derive(Clone)]
struct Named(&'static str);

impl ClientHandler for Named {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new(self.0, "7"))
    }
}

struct Server {
    recorder: Recorder,
    url: String,
}

impl Server {
    async fn start() -> Self {
        let recorder = Recorder::start();
        let server = Observed::new(watched::Server, &recorder.watch);
        let sessions = Arc::new(LocalSessionManager::default());
        let service =
            StreamableHttpService::new(move || Ok(server.clone()), sessions, Default::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        let app = axum::Router::new().nest_service("/mcp", service);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { recorder, url }
    }

    async fn connect(&self, name: &'static str, lifecycle: ClientLifecycleMode) -> Client {
        self.connect_with(name, lifecycle, None).await
    }

    async fn connect_with(
        &self,
        name: &'static str,
        lifecycle: ClientLifecycleMode,
        traceparent: Option<&str>,
    ) -> Client {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        if let Some(traceparent) = traceparent {
            let name = axum::http::HeaderName::from_static("traceparent");
            let value = traceparent.parse().expect("a header");
            config = config.custom_headers(HashMap::from([(name, value)]));
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        Named(name).serve_with_lifecycle(transport, lifecycle).await.expect("the client connects")
    }
}

type Client = RunningService<RoleClient, Named>;

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

async fn call(client: &Client, meta: &[(&str, Value)]) {
    let arguments = json!({ "text": "same", "context": "why" });
    let mut params = CallToolRequestParams::new("echo")
        .with_arguments(arguments.as_object().cloned().unwrap_or_default());
    if !meta.is_empty() {
        let meta: serde_json::Map<_, _> =
            meta.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        params.meta = serde_json::from_value::<RequestMetaObject>(Value::Object(meta)).ok();
    }
    let reply = client.call_tool(params).await.expect("a reply");
    assert_ne!(reply.is_error, Some(true));
}

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

fn run(record: &Record) -> u64 {
    record.request_params.as_ref().map_or(0, |arguments| arguments.repeat_run)
}

#[tokio::test]
async fn e4_an_older_client_has_a_session_by_its_header() {
    let server = Server::start().await;
    let first = server.connect("first", ClientLifecycleMode::Initialize).await;
    let second = server.connect("second", ClientLifecycleMode::Initialize).await;
    for client in [&first, &first, &second] {
        call(client, &[]).await;
    }
    let records = server.recorder.records();
    for (record, client) in records.iter().zip(["first", "first", "second"]) {
        assert_eq!(record.transport_type.as_deref(), Some("streamable-http"));
        assert_eq!(record.attributes.session["source"], "http_header");
        // E6, E11: each call names its own client, as it said in its handshake.
        assert_eq!(record.client_name.as_deref(), Some(client));
        assert_eq!(record.client_version.as_deref(), Some("7"));
        assert_eq!(record.mcp_protocol_version.as_deref(), Some("2025-11-25"));
        assert_eq!(record.intent(), Some("why"));
        assert_eq!(record.parent_span_id, None);
    }
    let key = |at: usize| records[at].attributes.session["key"].clone();
    assert_eq!(key(0), key(1));
    assert_ne!(key(1), key(2));
    assert_eq!(records.iter().map(run).collect::<Vec<_>>(), [1, 2, 1]);
}

#[tokio::test]
async fn e5_a_stateless_request_tells_everything_itself_and_leaves_no_state_behind() {
    let server = Server::start().await;
    let first = server.connect("first", stateless()).await;
    let second = server.connect("second", stateless()).await;
    for client in [&first, &second, &first] {
        call(client, &[]).await;
    }
    let records = server.recorder.records();
    assert_eq!(records.len(), 3);
    for (record, client) in records.iter().zip(["first", "second", "first"]) {
        assert_eq!(record.client_name.as_deref(), Some(client));
        assert_eq!(record.mcp_protocol_version.as_deref(), Some("2026-07-28"));
        assert_eq!(record.transport_type.as_deref(), Some("streamable-http"));
        assert!(record.attributes.session.is_null(), "{:?}", record.attributes.session);
        assert_eq!(run(record), 1, "calls without a session are not compared");
    }
}

#[tokio::test]
async fn the_traceparent_of_meta_is_the_parent_and_groups_stateless_calls() {
    let server = Server::start().await;
    let client = server.connect("traced", stateless()).await;
    let traced = [("traceparent", json!(traceparent()))];
    call(&client, &traced).await;
    call(&client, &traced).await;
    call(&client, &[("traceparent", json!("00-zz-1-01"))]).await;
    let records = server.recorder.records();
    for record in &records[..2] {
        assert_eq!(record.trace_id.as_deref(), Some(TRACE));
        assert_eq!(record.parent_span_id.as_deref(), Some(PARENT));
        assert_eq!(record.attributes.session["source"], "trace");
        assert!(!json!(record.attributes.session).to_string().contains(TRACE));
    }
    assert_ne!(records[0].span_id, records[1].span_id);
    assert_eq!((run(&records[0]), run(&records[1])), (1, 2));
    assert_ne!(records[2].trace_id.as_deref(), Some(TRACE));
    assert_eq!(
        (&records[2].parent_span_id, records[2].attributes.session.is_null()),
        (&None, true)
    );
}

#[tokio::test]
async fn a_traceparent_header_is_the_parent_when_meta_has_none() {
    let server = Server::start().await;
    let header = traceparent();
    let client =
        server.connect_with("traced", ClientLifecycleMode::Initialize, Some(&header)).await;
    call(&client, &[]).await;
    let other = "1".repeat(32);
    call(&client, &[("traceparent", json!(format!("00-{other}-{PARENT}-01")))]).await;
    let records = server.recorder.records();
    assert_eq!(records[0].trace_id.as_deref(), Some(TRACE));
    assert_eq!(records[1].trace_id.as_deref(), Some(other.as_str()));
    assert_eq!(records[0].attributes.session["source"], "http_header");
}
