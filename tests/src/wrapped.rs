//! Clients of wrapped servers: rmcp's own, and one that speaks the protocol line by line over any
//! pipe, for what rmcp's client would not send.

use std::io;
use std::time::Duration;

use rmcp::service::{RoleClient, RunningService};
use rmcp::{ClientHandler, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use toolwatch::local::Record;

use crate::observed::Recorder;

/// How long a reply may take before a suite fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Connects rmcp's client to a server in the same process.
///
/// # Panics
///
/// When the handshake fails.
pub async fn connect(server: impl ServerHandler) -> RunningService<RoleClient, ()> {
    serve(server, ()).await
}

/// Connects this client.
///
/// # Panics
///
/// When the handshake fails.
pub async fn serve<C: ClientHandler>(
    server: impl ServerHandler,
    client: C,
) -> RunningService<RoleClient, C> {
    client.serve(spawn(server)).await.expect("the client connects")
}

/// Serves over a pipe in the same process and returns its other end.
pub fn spawn(server: impl ServerHandler) -> tokio::io::DuplexStream {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    client_side
}

/// Which protocol a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: a handshake, then a session.
    Session,
    /// 2026-07-28: each request tells everything itself.
    Stateless,
}

impl Era {
    /// The parameters of a request as this protocol has them.
    #[must_use]
    pub fn params(self, mut params: Value, client: &str) -> Value {
        if self == Self::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            params["_meta"]["io.modelcontextprotocol/clientInfo"] =
                json!({ "name": client, "version": "7" });
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities();
        }
        params
    }
}

/// What the clients of these suites can do: tasks included.
#[must_use]
pub fn capabilities() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

/// The parameters of `initialize`.
#[must_use]
pub fn hello(client: &str) -> Value {
    json!({
        "protocolVersion": "2025-11-25",
        "capabilities": capabilities(),
        "clientInfo": { "name": client, "version": "7" },
    })
}

/// A client that speaks the protocol line by line.
pub struct Lines {
    reader: tokio::io::Lines<BufReader<Box<dyn AsyncRead + Send + Unpin>>>,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    era: Era,
    next_id: u64,
}

impl Lines {
    /// A client of a server in the same process. Nothing is sent yet.
    #[must_use]
    pub fn of(server: impl ServerHandler, era: Era) -> Self {
        let (reader, writer) = tokio::io::split(spawn(server));
        Self::over(reader, writer, era)
    }

    /// A client over these pipes.
    pub fn over(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
        era: Era,
    ) -> Self {
        let reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(reader);
        let reader = BufReader::new(reader).lines();
        Self { reader, writer: Box::new(writer), era, next_id: 1 }
    }

    /// Does the handshake, where there is one.
    pub async fn start(mut self) -> io::Result<Self> {
        if self.era == Era::Session {
            self.request("initialize", hello("lines")).await?;
            self.notify("notifications/initialized", json!({})).await?;
        }
        Ok(self)
    }

    /// Sends a request and returns the line of its reply.
    pub async fn request(&mut self, method: &str, params: Value) -> io::Result<String> {
        let id = self.send_request(method, params).await?;
        self.reply(id).await
    }

    /// Calls a tool and returns its reply.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> io::Result<Value> {
        let params = json!({ "name": tool, "arguments": arguments });
        let line = self.request("tools/call", params).await?;
        Ok(serde_json::from_str(&line)?)
    }

    /// Sends a request and does not wait.
    pub async fn send_request(&mut self, method: &str, params: Value) -> io::Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        let params = self.era.params(params, "lines");
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await?;
        Ok(id)
    }

    /// Sends a notification.
    pub async fn notify(&mut self, method: &str, params: Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await
    }

    /// Sends one message.
    pub async fn send(&mut self, message: &Value) -> io::Result<()> {
        self.writer.write_all(format!("{message}\n").as_bytes()).await?;
        self.writer.flush().await
    }

    /// Reads lines until the reply with this id.
    pub async fn reply(&mut self, id: u64) -> io::Result<String> {
        loop {
            let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let message: Value = serde_json::from_str(&line)?;
            if message["id"] == json!(id) && message["method"].is_null() {
                return Ok(line);
            }
        }
    }

    /// Reads a line; `None` at the end.
    pub async fn line(&mut self) -> io::Result<Option<String>> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        tokio::time::timeout(PATIENCE, self.reader.next_line()).await.map_err(late)?
    }

    /// Closes the writing side and reads to the end.
    pub async fn close(mut self) -> io::Result<Vec<String>> {
        self.writer.shutdown().await?;
        drop(std::mem::replace(&mut self.writer, Box::new(tokio::io::sink())));
        let mut rest = Vec::new();
        while let Some(line) = self.line().await? {
            rest.push(line);
        }
        Ok(rest)
    }
}

/// Waits until what was recorded satisfies `is_done`, and returns it.
///
/// # Panics
///
/// When it takes too long.
pub async fn records_when(
    recorder: &Recorder,
    mut is_done: impl FnMut(&[Record]) -> bool,
) -> Vec<Record> {
    let start = std::time::Instant::now();
    loop {
        let records = recorder.records();
        if is_done(&records) {
            return records;
        }
        let so_far: Vec<_> = records.iter().map(summary).collect();
        assert!(start.elapsed() < PATIENCE, "what was recorded: {so_far:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What kind of event a record is, in one line.
#[must_use]
pub fn summary(record: &Record) -> String {
    let outcome = record.attributes.outcome.as_deref().unwrap_or("-");
    let method = record.mcp_method.as_deref().unwrap_or("-");
    format!("{} {method} {} {outcome}", record.event_type, record.event_name)
}

/// The records of one type of event.
#[must_use]
pub fn of_type(records: &[Record], event_type: &str) -> Vec<Record> {
    records.iter().filter(|record| record.event_type == event_type).cloned().collect()
}
