//! A client that writes its own messages, so that every member of them can hold a needle.

use std::io;

use rmcp::ServiceExt;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

use super::tools::Server;

/// How many bytes wait between client and server.
const BUFFER_BYTES: usize = 1 << 20;

/// One connection to a server in this process. Dropping it is a lost connection.
pub struct Link {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    next_id: u64,
}

impl Link {
    /// Connects and does the handshake as a client of this name and version.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn open(server: &Server, client: &Value) -> io::Result<Self> {
        let (near, far) = tokio::io::duplex(BUFFER_BYTES);
        let server = server.clone();
        tokio::spawn(async move {
            if let Ok(running) = server.serve(far).await {
                running.waiting().await.ok();
            }
        });
        let (reader, writer) = tokio::io::split(near);
        let mut link = Self { reader: BufReader::new(reader), writer, next_id: 1 };
        let hello =
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
        let id = link.request("initialize", hello).await?;
        link.reply(id).await?;
        link.notify("notifications/initialized", json!({})).await?;
        Ok(link)
    }

    /// Sends a request and does not wait.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn request(&mut self, method: &str, params: Value) -> io::Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await?;
        Ok(id)
    }

    /// Sends a notification.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn notify(&mut self, method: &str, params: Value) -> io::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await
    }

    /// Reads until the reply with this id.
    ///
    /// # Errors
    ///
    /// When the connection ends or carries something else than JSON.
    pub async fn reply(&mut self, id: u64) -> io::Result<Value> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let message: Value = serde_json::from_str(&line)?;
            if message["id"] == json!(id) {
                return Ok(message);
            }
        }
    }

    async fn send(&mut self, message: &Value) -> io::Result<()> {
        self.writer.write_all(format!("{message}\n").as_bytes()).await?;
        self.writer.flush().await
    }
}
