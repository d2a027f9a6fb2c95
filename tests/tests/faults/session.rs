//! A session of rmcp's own client, whose every received byte is kept.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rmcp::service::ServiceError;
use rmcp::{ServerHandler, ServiceExt};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use toolwatch_tests::observed::{Client, call};
use toolwatch_tests::server::plain;
use toolwatch_tests::wrapped::spawn;

/// How long a reply may take; none of the faults may cost so much.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls of one round.
pub(crate) const CALLS: usize = 8;

/// Keeps what is read.
struct Tap<R> {
    inner: R,
    log: Arc<Mutex<Vec<u8>>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Tap<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(&buffer.filled()[before..]);
        polled
    }
}

/// A client and what it has read.
pub(crate) struct Session {
    pub(crate) client: Client,
    log: Arc<Mutex<Vec<u8>>>,
    /// Calls that were made.
    pub(crate) calls: usize,
    /// Calls without a reply.
    pub(crate) failed: usize,
}

impl Session {
    /// Does the handshake over these pipes.
    pub(crate) async fn over(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let log = Arc::default();
        let tap = Tap { inner: reader, log: Arc::clone(&log) };
        let connecting = tokio::time::timeout(PATIENCE, ().serve((tap, writer)));
        let client = connecting.await.expect("in time").expect("the client connects");
        Self { client, log, calls: 0, failed: 0 }
    }

    /// Does the handshake with a server in this process.
    pub(crate) async fn with(server: impl ServerHandler) -> Self {
        let (reader, writer) = tokio::io::split(spawn(server));
        Self::over(reader, writer).await
    }

    /// One call of most tools, with replies of every kind.
    pub(crate) async fn round(&mut self) {
        let tools =
            ["echo", "answer", "answer", "raw", "fail", "protocol_fail", "blocks", "nothing"];
        for (at, tool) in tools.into_iter().enumerate() {
            let text = if at == 2 { "refuse" } else { "x" };
            let arguments =
                json!({ "text": text, "times": 2, "layout": "short", "without": ["y"] });
            self.calls += 1;
            self.failed += usize::from(!replies(&self.client, tool, arguments).await);
        }
    }

    /// So many rounds.
    pub(crate) async fn rounds(&mut self, count: usize) {
        for _ in 0..count {
            self.round().await;
        }
    }

    /// What was read so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether a call gets a reply, be it an error.
pub(crate) async fn replies(
    client: &Client,
    tool: &'static str,
    arguments: serde_json::Value,
) -> bool {
    let reply = tokio::time::timeout(PATIENCE, call(client, tool, arguments)).await;
    matches!(reply, Ok(Ok(_) | Err(ServiceError::McpError(_))))
}

/// What a client reads in so many rounds from a server that nothing watches and nothing ails.
pub(crate) async fn twin(rounds: usize) -> Vec<u8> {
    let mut session = Session::with(plain::Server).await;
    session.rounds(rounds).await;
    assert_eq!(session.failed, 0, "the twin is well");
    session.bytes()
}
