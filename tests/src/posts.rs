//! A client of streamable HTTP that posts one message per connection, so that a suite sees every
//! byte and can hang up between two of them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wrapped::{Era, PATIENCE, hello};

/// Serves what `factory` makes over streamable HTTP, on a port of its own.
///
/// # Panics
///
/// When there is no port.
pub async fn serve<S: ServerHandler>(
    factory: impl Fn() -> S + Send + Sync + 'static,
) -> SocketAddr {
    serve_behind(factory, |app| app).await
}

/// The same behind the application's own layers.
///
/// # Panics
///
/// When there is no port.
pub async fn serve_behind<S: ServerHandler>(
    factory: impl Fn() -> S + Send + Sync + 'static,
    layers: impl FnOnce(axum::Router) -> axum::Router,
) -> SocketAddr {
    let sessions = Arc::new(LocalSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(factory()), sessions, Default::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = layers(axum::Router::new().nest_service("/mcp", service));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// One client.
#[derive(Clone, Debug)]
pub struct Posts {
    address: SocketAddr,
    era: Era,
    name: String,
    session: Option<String>,
    headers: Vec<(String, String)>,
    next_id: u64,
}

/// A message that was posted, and its reply on the way. Dropping it hangs up.
#[derive(Debug)]
pub struct Posted(TcpStream);

/// A reply with its head.
#[derive(Debug)]
pub struct Reply {
    /// The status line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Posts {
    /// A client with this name, after its handshake where there is one.
    pub async fn start(address: SocketAddr, era: Era, name: &str) -> io::Result<Self> {
        let (session, headers) = (None, Vec::new());
        let mut client = Self { address, era, name: name.to_owned(), session, headers, next_id: 1 };
        if era == Era::Session {
            let reply = client.post("initialize", hello(name)).await?.read().await?;
            client.session = reply.header("mcp-session-id").map(str::to_owned);
            client.notify("notifications/initialized", json!({})).await?;
        }
        Ok(client)
    }

    /// The same client with one more header on each request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Calls a tool and returns the whole message of the reply.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> io::Result<Value> {
        let params = json!({ "name": tool, "arguments": arguments });
        self.request("tools/call", params).await
    }

    /// Sends a request and returns the whole message of the reply.
    pub async fn request(&mut self, method: &str, params: Value) -> io::Result<Value> {
        self.post(method, params).await?.read().await?.message()
    }

    /// Sends a request and does not wait.
    pub async fn post(&mut self, method: &str, params: Value) -> io::Result<Posted> {
        let id = self.next_id;
        self.next_id += 1;
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str);
        let name = name.map(str::to_owned);
        let params = self.era.params(params, &self.name);
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send("POST", method, name.as_deref(), &message.to_string()).await
    }

    /// The id of the last request.
    #[must_use]
    pub fn last_id(&self) -> u64 {
        self.next_id - 1
    }

    /// Sends a notification and waits until it was taken.
    pub async fn notify(&self, method: &str, params: Value) -> io::Result<()> {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send("POST", method, None, &message.to_string()).await?.read().await.map(drop)
    }

    /// Ends the session.
    pub async fn leave(self) -> io::Result<()> {
        self.send("DELETE", "", None, "").await?.read().await.map(drop)
    }

    async fn send(
        &self,
        verb: &str,
        method: &str,
        name: Option<&str>,
        body: &str,
    ) -> io::Result<Posted> {
        // HTTP/1.0: the reply comes in one piece, and its end is that of the connection.
        let mut head = format!(
            "{verb} /mcp HTTP/1.0\r\nhost: {}\r\naccept: application/json, text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        let mut header = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        if self.era == Era::Stateless {
            header("mcp-protocol-version", "2026-07-28");
            header("mcp-method", method);
            if let Some(name) = name {
                header("mcp-name", name);
            }
        }
        if let Some(session) = &self.session {
            header("mcp-session-id", session);
        }
        self.headers.iter().for_each(|(name, value)| header(name, value));
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
        Ok(Posted(stream))
    }
}

impl Posted {
    /// Waits for the reply.
    pub async fn read(mut self) -> io::Result<Reply> {
        let mut bytes = Vec::new();
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.map_err(late)??;
        let text = String::from_utf8_lossy(&bytes);
        let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Reply { head: head.to_ascii_lowercase(), body: body.to_owned() })
    }
}

impl Reply {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The JSON-RPC message, as the body or as the last event of a stream.
    pub fn message(&self) -> io::Result<Value> {
        let events = self.body.lines().filter_map(|line| line.strip_prefix("data:"));
        let last = events.rev().find(|data| !data.trim().is_empty());
        let text = last.unwrap_or(&self.body);
        let fault = |error| io::Error::other(format!("{error}: {}\n{}", self.head, self.body));
        serde_json::from_str(text.trim()).map_err(fault)
    }
}
