//! A collector for OTLP over gRPC that means harm, frame by frame.

mod harm;
mod raw;

use std::collections::HashSet;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::net::TcpStream;

pub use harm::Harm;

/// Nothing lasts longer than this, whatever the client does.
const PATIENCE: Duration = Duration::from_secs(30);
/// The flag and the length before a message.
const PREFIX_BYTES: usize = 5;

type Body = tonic::codegen::Bytes;

#[derive(Default)]
struct State {
    harm: Option<Harm>,
    /// Requests that may still be harmed; the others are treated well.
    left: usize,
    /// The ids of spans of requests that were answered with a yes, and how many came in all.
    spans: HashSet<Vec<u8>>,
    told: usize,
    connections: usize,
    /// Requests or connections that were harmed.
    contacts: usize,
    /// Those of them that are still open.
    open: usize,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

/// The collector. Its thread ends with the process.
#[derive(Clone)]
pub struct Http2 {
    shared: Shared,
    address: SocketAddr,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.0.1.notify_all();
    }

    /// The harm that is to be done now, which counts as done.
    fn next_harm(&self) -> Option<Harm> {
        let mut state = self.lock();
        if state.left == 0 {
            return None;
        }
        state.left -= 1;
        state.contacts += 1;
        state.open += 1;
        self.0.1.notify_all();
        state.harm
    }

    fn released(&self) {
        self.change(|state| state.open -= 1);
    }
}

impl Http2 {
    /// A kind collector on a port of its own.
    ///
    /// # Errors
    /// Fails when there is no port or no thread.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (shared, address) = (Shared::default(), listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let accepting = shared.clone();
        listener.set_nonblocking(true)?;
        std::thread::Builder::new().spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                while let Ok((stream, _)) = listener.accept().await {
                    accept(&accepting, stream);
                }
            });
        })?;
        Ok(Self { shared, address })
    }

    /// The URL of it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Harms so many of the next requests or connections.
    pub fn turn(&self, harm: Harm, times: usize) {
        self.shared.change(|state| (state.harm, state.left) = (Some(harm), times));
    }

    /// Distinct spans that were answered with a yes.
    #[must_use]
    pub fn spans(&self) -> usize {
        self.shared.lock().spans.len()
    }

    /// The same, those that were sent again too.
    #[must_use]
    pub fn told(&self) -> usize {
        self.shared.lock().told
    }

    /// Connections that there have been.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// Requests or connections that were harmed.
    #[must_use]
    pub fn contacts(&self) -> usize {
        self.shared.lock().contacts
    }

    /// The harmed one that is open at this moment, if there is one.
    #[must_use]
    pub fn held(&self) -> Option<usize> {
        let state = self.shared.lock();
        (state.open > 0).then_some(state.contacts)
    }

    /// Waits until so many distinct spans have come; false when they do not.
    #[must_use]
    pub fn wait_for_spans(&self, count: usize) -> bool {
        let wait =
            self.shared.0.1.wait_timeout_while(self.shared.lock(), PATIENCE, |state| {
                state.spans.len() < count
            });
        !wait.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

fn accept(shared: &Shared, stream: TcpStream) {
    shared.change(|state| state.connections += 1);
    let _ = stream.set_nodelay(true);
    let is_raw = shared.lock().harm.is_some_and(Harm::is_raw);
    let shared = shared.clone();
    if let Some(harm) = is_raw.then(|| shared.next_harm()).flatten() {
        std::thread::spawn(move || {
            let _ = stream.into_std().and_then(|stream| raw::flood(stream, harm));
            shared.released();
        });
    } else {
        tokio::spawn(async move {
            let handshake = Builder::new().initial_window_size(1 << 20).handshake(stream);
            if let Ok(connection) = handshake.await {
                serve(&shared, connection).await;
            }
        });
    }
}

/// Takes requests until the connection ends. Errors are the client's hanging up.
async fn serve(shared: &Shared, mut connection: Connection<TcpStream, Body>) {
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        if shared.lock().left > 0 && shared.lock().harm.is_some_and(Harm::is_raw) {
            // It is for another connection.
            return;
        }
        let harm = shared.next_harm();
        if harm == Some(Harm::HangUp) {
            shared.released();
            return;
        }
        if let Some(Harm::GoAwayFor(reason)) = harm {
            shared.released();
            connection.abrupt_shutdown(Reason::from(reason));
            continue;
        }
        let says_goodbye = harm == Some(Harm::GoAway);
        let taking = shared.clone();
        let answer = async move {
            let spans = read(request).await;
            if harm.is_none_or(Harm::is_yes) {
                taking.change(|state| {
                    state.told += spans.len();
                    state.spans.extend(spans);
                });
            }
            match harm {
                None | Some(Harm::GoAway) => kind(&mut respond),
                Some(harm) => harm.answer(respond).await,
            }
            if harm.is_some() {
                taking.released();
            }
        };
        tokio::spawn(answer);
        if says_goodbye {
            connection.graceful_shutdown();
        }
    }
}

/// The ids of a request's spans.
async fn read(request: Request<RecvStream>) -> Vec<Vec<u8>> {
    let (mut stream, mut body) = (request.into_body(), Vec::new());
    while let Some(Ok(data)) = stream.data().await {
        let _ = stream.flow_control().release_capacity(data.len());
        body.extend_from_slice(&data);
    }
    let message = body.get(PREFIX_BYTES..).unwrap_or_default();
    let message = ExportTraceServiceRequest::decode(message).unwrap_or_default();
    let of_scopes = message.resource_spans.into_iter().flat_map(|of_run| of_run.scope_spans);
    of_scopes.flat_map(|of_scope| of_scope.spans).map(|span| span.span_id).collect()
}

/// An empty message and the status OK.
fn kind(respond: &mut SendResponse<Body>) {
    let Ok(mut stream) = respond.send_response(harm::head(200, "application/grpc"), false) else {
        return;
    };
    let _ = stream.send_data(Body::from_static(&[0; PREFIX_BYTES]), false);
    let _ = stream.send_trailers(HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]));
}
