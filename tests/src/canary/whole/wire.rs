//! Ways to a server: a pipe, and streamable HTTP with needles in every header.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::messages::Message;
use crate::canary::encode::base64;
use crate::canary::needle::{Kind, Needles};
use crate::wrapped::{Era, PATIENCE};

/// Headers that a server, a proxy or a middleware reads.
const HEADERS: [&str; 9] = [
    "user-agent",
    "x-api-key",
    "referer",
    "x-forwarded-for",
    "traceparent",
    "tracestate",
    "baggage",
    "last-event-id",
    "x-request-id",
];

/// A connection.
pub enum Wire {
    /// Lines over a pipe.
    Pipe(Pipe),
    /// One request per connection.
    Http(Http),
}

/// Both ends of a pipe.
pub struct Pipe {
    reader: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
}

/// A client of streamable HTTP.
pub struct Http {
    address: SocketAddr,
    era: Era,
    session: Option<String>,
    pending: Option<TcpStream>,
    sent: usize,
}

impl Wire {
    /// A pipe.
    pub fn pipe(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let reader: Box<dyn AsyncRead + Send + Unpin> = Box::new(reader);
        Self::Pipe(Pipe { reader: BufReader::new(reader), writer: Box::new(writer) })
    }

    /// Streamable HTTP.
    #[must_use]
    pub const fn http(address: SocketAddr, era: Era) -> Self {
        Self::Http(Http { address, era, session: None, pending: None, sent: 0 })
    }

    /// Whether requests are connections of their own.
    #[must_use]
    pub const fn is_http(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn send(&mut self, message: &Message, needles: &mut Needles) -> io::Result<()> {
        match self {
            Self::Pipe(pipe) => {
                pipe.writer.write_all(format!("{}\n", message.json).as_bytes()).await?;
                pipe.writer.flush().await
            }
            Self::Http(http) => http.post(message, needles).await,
        }
    }

    /// Waits for the reply to a request.
    ///
    /// # Errors
    ///
    /// When it does not come.
    pub async fn reply(&mut self, id: &Value, needles: &mut Needles) -> io::Result<()> {
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no reply");
        let reply = async {
            match self {
                Self::Pipe(pipe) => pipe.read_until(id).await,
                Self::Http(http) => http.read(needles).await,
            }
        };
        timeout(PATIENCE, reply).await.map_err(late)?
    }

    /// Ends a request that gets no reply, where that is possible.
    pub fn hang_up(&mut self) {
        if let Self::Http(http) = self {
            http.pending = None;
        }
    }

    /// Ends the session.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn close(self, needles: &mut Needles) -> io::Result<()> {
        match self {
            Self::Pipe(mut pipe) => {
                pipe.writer.shutdown().await?;
                drop(std::mem::replace(&mut pipe.writer, Box::new(tokio::io::sink())));
                timeout(PATIENCE, pipe.read_to_end()).await?
            }
            Self::Http(mut http) if http.session.is_some() => {
                http.verb("DELETE", None, needles).await?;
                http.read(needles).await
            }
            Self::Http(_) => Ok(()),
        }
    }
}

impl Pipe {
    async fn read_until(&mut self, id: &Value) -> io::Result<()> {
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let message = protocol(&line)?;
            if message["id"] == *id && message["method"].is_null() {
                return Ok(());
            }
        }
    }

    async fn read_to_end(&mut self) -> io::Result<()> {
        let mut line = String::new();
        while self.reader.read_line(&mut line).await? > 0 {
            protocol(&line)?;
            line.clear();
        }
        Ok(())
    }
}

/// Reads a line, and demands that it is one of the protocol.
fn protocol(line: &str) -> io::Result<Value> {
    let message: Value = serde_json::from_str(line)?;
    match message["jsonrpc"] == "2.0" {
        true => Ok(message),
        false => Err(io::Error::other("a line beside the protocol")),
    }
}

impl Http {
    async fn post(&mut self, message: &Message, needles: &mut Needles) -> io::Result<()> {
        self.verb("POST", Some(message), needles).await?;
        if message.id().is_null() { self.read(needles).await } else { Ok(()) }
    }

    /// Posts a notification beside a request that is under way.
    ///
    /// # Errors
    ///
    /// When the connection is gone.
    pub async fn aside(&mut self, message: &Message, needles: &mut Needles) -> io::Result<()> {
        let pending = self.pending.take();
        self.post(message, needles).await?;
        self.pending = pending;
        Ok(())
    }

    async fn verb(
        &mut self,
        verb: &str,
        message: Option<&Message>,
        needles: &mut Needles,
    ) -> io::Result<()> {
        let body = message.map_or(String::new(), |message| message.json.to_string());
        let mut stream = TcpStream::connect(self.address).await?;
        let head = self.head(verb, message, body.len(), needles);
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        self.pending = Some(stream);
        self.sent += 1;
        Ok(())
    }

    fn head(
        &self,
        verb: &str,
        message: Option<&Message>,
        length: usize,
        needles: &mut Needles,
    ) -> String {
        let mut plant = |header: &str| needles.word(Kind::Context, &format!("the header {header}"));
        // HTTP/1.0: the reply comes in one piece, and its end is that of the connection.
        let mut head =
            format!("{verb} /mcp?token={} HTTP/1.0\r\nhost: {}\r\n", plant("query"), self.address);
        for header in HEADERS {
            head.push_str(&format!("{header}: {}\r\n", plant(header)));
        }
        head.push_str(&format!("authorization: Bearer {}\r\n", plant("authorization")));
        head.push_str(&format!("cookie: id={}; other={}\r\n", plant("cookie"), plant("cookie")));
        match (&self.session, self.era) {
            (Some(session), _) => {
                head.push_str(&format!(
                    "mcp-session-id: {session}\r\nmcp-protocol-version: 2025-11-25\r\n"
                ));
            }
            (None, Era::Stateless) => head.push_str(&stateless(message, self.sent, &mut plant)),
            (None, Era::Session) => {}
        }
        format!(
            "{head}content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
             content-length: {length}\r\n\r\n"
        )
    }

    async fn read(&mut self, needles: &mut Needles) -> io::Result<()> {
        let Some(mut stream) = self.pending.take() else { return Ok(()) };
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        let reply = String::from_utf8_lossy(&reply);
        let session = reply.lines().find_map(|line| line.strip_prefix("mcp-session-id:"));
        if let (None, Some(session)) = (&self.session, session) {
            let session = session.trim().to_owned();
            needles.secret_id(Kind::Context, "the id of the session", &session);
            self.session = Some(session);
        }
        let status = reply.lines().next().unwrap_or_default();
        let is_served = status.contains(" 20");
        if is_served { Ok(()) } else { Err(io::Error::other(format!("the server says: {reply}"))) }
    }
}

/// The headers of the protocol without sessions, and at times a session's all the same.
fn stateless(
    message: Option<&Message>,
    sent: usize,
    plant: &mut impl FnMut(&str) -> String,
) -> String {
    let Some(message) = message else { return String::new() };
    let method = header_value(message.method());
    let mut head = format!("mcp-protocol-version: 2026-07-28\r\nmcp-method: {method}\r\n");
    if let Some(name) = message.name() {
        head.push_str(&format!("mcp-name: {}\r\n", header_value(name)));
    }
    if sent % 2 == 1 {
        head.push_str(&format!("mcp-session-id: {}\r\n", plant("mcp-session-id")));
    }
    head
}

/// A text as the protocol writes it into a header.
fn header_value(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain {
        return text.to_owned();
    }
    let mut coded = String::from_utf8_lossy(&base64(text.as_bytes(), b'+', b'/')).into_owned();
    while !coded.len().is_multiple_of(4) {
        coded.push('=');
    }
    format!("=?base64?{coded}?=")
}
