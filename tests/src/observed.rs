//! Watched servers in the suite's own process, each with a watch of its own.
//!
//! `install` works once per process, so a suite puts its watch into each request instead, as a
//! wrapper around a whole server does.

use std::future::Future;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleClient, RunningService, ServiceError};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use toolwatch::event::Transport;
use toolwatch::local::{Reader, Record};
use toolwatch::{Watch, WatchBuilder};

/// A server whose requests carry a watch.
#[derive(Clone, Debug)]
pub struct Observed<S> {
    server: S,
    watch: Watch,
}

impl<S> Observed<S> {
    /// Puts `watch` into every request of `server`.
    pub fn new(server: S, watch: &Watch) -> Self {
        Self { server, watch: watch.clone() }
    }
}

impl<S: ServerHandler> ServerHandler for Observed<S> {
    fn get_info(&self) -> ServerConfig {
        self.server.get_info()
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        context.extensions.insert(self.watch.clone());
        self.server.call_tool(request, context)
    }

    fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + Send + '_ {
        self.server.list_tools(request, context)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.server.get_tool(name)
    }
}

/// A watch with a local record of its own.
#[derive(Debug)]
pub struct Recorder {
    directory: TempDir,
    /// The watch.
    pub watch: Watch,
}

impl Recorder {
    /// A recorder with default settings.
    #[must_use]
    pub fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// A recorder with these settings.
    ///
    /// # Panics
    ///
    /// When there is no directory, or the settings cannot work.
    #[must_use]
    pub fn with(set: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let watch = set(offline().local().directory(directory.path())).build().expect("a watch");
        Self { directory, watch }
    }

    /// Where the record is.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// What was recorded so far.
    ///
    /// # Panics
    ///
    /// When the record cannot be read.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        Reader::open(self.directory.path()).expect("the record can be read").into_iter().collect()
    }

    /// The one event that was recorded.
    ///
    /// # Panics
    ///
    /// When there is another number of them.
    #[track_caller]
    #[must_use]
    pub fn only(&self) -> Record {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "exactly one event");
        records.remove(0)
    }
}

/// A builder that sees no variable of the suite's environment.
pub fn offline() -> WatchBuilder {
    Watch::builder().server("suite", "1.0.0").transport(Transport::InProcess).environment(|_| None)
}

/// A client in the same process.
pub type Client = RunningService<RoleClient, ()>;

/// Connects a client to a server whose requests carry `watch`.
///
/// # Panics
///
/// When the handshake fails.
pub async fn connect(server: impl ServerHandler, watch: &Watch) -> Client {
    serve(server, watch, ()).await
}

/// Connects this client.
///
/// # Panics
///
/// When the handshake fails.
pub async fn serve<C: rmcp::ClientHandler>(
    server: impl ServerHandler,
    watch: &Watch,
    client: C,
) -> RunningService<RoleClient, C> {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    let server = Observed::new(server, watch);
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    client.serve(client_side).await.expect("the client connects")
}

/// Calls a tool.
///
/// # Errors
///
/// The JSON-RPC error, or that the connection is gone.
pub async fn call<C: rmcp::ClientHandler>(
    client: &RunningService<RoleClient, C>,
    tool: &'static str,
    arguments: Value,
) -> Result<CallToolResult, ServiceError> {
    client.call_tool(CallToolRequestParams::new(tool).with_arguments(object(arguments))).await
}

/// The text of a reply's first block.
#[must_use]
pub fn text(result: &CallToolResult) -> &str {
    let block = result.content.first().and_then(|block| block.as_text());
    block.map_or("", |text| text.text.as_str())
}

/// The input schema that a client reads for a tool.
///
/// # Panics
///
/// When the tool is not listed.
pub async fn schema(client: &Client, tool: &str) -> Value {
    let tools = client.list_all_tools().await.expect("a list");
    let tool = tools.into_iter().find(|listed| listed.name == tool).expect("the tool is listed");
    json!(*tool.input_schema)
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
