//! A collector that takes OTLP over gRPC, with tonic, which toolwatch itself does not use.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::sync::oneshot;
use tonic::codec::CompressionEncoding;
use tonic::metadata::KeyAndValueRef;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What a call is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// OK.
    Taken,
    /// OK, but so many spans or data points were rejected.
    Partly(i64),
    /// Another status.
    Status(Box<Status>),
    /// Nothing, for ever.
    Hang,
}

/// What a call brought.
#[derive(Clone, Debug)]
pub enum Message {
    /// Spans.
    Traces(ExportTraceServiceRequest),
    /// Data points.
    Metrics(ExportMetricsServiceRequest),
}

/// A call that arrived in whole.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it had arrived. It was answered later.
    pub at: Instant,
    /// The headers, but for those of HTTP/2 itself.
    pub metadata: Vec<(String, String)>,
    /// The decoded message.
    pub message: Message,
}

impl Call {
    /// The first value of an entry of the metadata.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.metadata.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    script: VecDeque<Answer>,
    otherwise: Option<Answer>,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter<T>(&self, request: &Request<T>, message: Message) -> Answer {
        let text = |entry: KeyAndValueRef<'_>| match entry {
            KeyAndValueRef::Ascii(name, value) => {
                (name.to_string(), String::from_utf8_lossy(value.as_encoded_bytes()).into_owned())
            }
            KeyAndValueRef::Binary(name, value) => {
                (name.to_string(), String::from_utf8_lossy(value.as_encoded_bytes()).into_owned())
            }
        };
        let metadata = request.metadata().iter().map(text).collect();
        let mut state = self.lock();
        state.calls.push(Call { at: Instant::now(), metadata, message });
        self.0.1.notify_all();
        let scripted = state.script.pop_front();
        scripted.or_else(|| state.otherwise.clone()).unwrap_or(Answer::Taken)
    }
}

/// How many were rejected, once the answer is a yes.
async fn answered(answer: Answer) -> Result<Option<i64>, Status> {
    match answer {
        Answer::Taken => Ok(None),
        Answer::Partly(count) => Ok(Some(count)),
        Answer::Status(status) => Err(*status),
        Answer::Hang => std::future::pending().await,
    }
}

const NO_ROOM: &str = "no room";

#[tonic::async_trait]
impl TraceService for Shared {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let message = Message::Traces(request.get_ref().clone());
        let rejected = answered(self.enter(&request, message)).await?;
        let partial_success = rejected.map(|rejected_spans| ExportTracePartialSuccess {
            rejected_spans,
            error_message: NO_ROOM.to_owned(),
        });
        Ok(Response::new(ExportTraceServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl MetricsService for Shared {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let message = Message::Metrics(request.get_ref().clone());
        let rejected = answered(self.enter(&request, message)).await?;
        let partial_success = rejected.map(|rejected_data_points| ExportMetricsPartialSuccess {
            rejected_data_points,
            error_message: NO_ROOM.to_owned(),
        });
        Ok(Response::new(ExportMetricsServiceResponse { partial_success }))
    }
}

/// The collector, on a thread of its own. It lets go of its port when it is dropped.
pub struct GrpcCollector {
    shared: Shared,
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GrpcCollector {
    /// A collector on a port of its own, which takes everything.
    ///
    /// # Errors
    /// Fails when there is no port or no thread.
    pub fn start() -> io::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// The same on a port that was in use before.
    ///
    /// # Errors
    /// Fails when the port is not free.
    pub fn start_at(address: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let (shared, address) = (Shared::default(), listener.local_addr()?);
        let (end, ended) = oneshot::channel();
        let services = shared.clone();
        let thread = std::thread::Builder::new().spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serving = tokio::spawn(serve(services, listener));
                let _ = ended.await;
                serving.abort();
            });
            // Connections that hang end with it.
            runtime.shutdown_background();
        })?;
        Ok(Self { shared, address, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next calls so, one after the other.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.lock().script.extend(answers);
    }

    /// Answers so whenever nothing is scripted.
    pub fn always(&self, answer: Answer) {
        self.shared.lock().otherwise = Some(answer);
    }

    /// What has arrived.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// The messages with spans.
    #[must_use]
    pub fn traces(&self) -> Vec<ExportTraceServiceRequest> {
        let traces = |call: Call| match call.message {
            Message::Traces(traces) => Some(traces),
            Message::Metrics(_) => None,
        };
        self.calls().into_iter().filter_map(traces).collect()
    }

    /// The messages with data points.
    #[must_use]
    pub fn metrics(&self) -> Vec<ExportMetricsServiceRequest> {
        let metrics = |call: Call| match call.message {
            Message::Metrics(metrics) => Some(metrics),
            Message::Traces(_) => None,
        };
        self.calls().into_iter().filter_map(metrics).collect()
    }

    /// Waits until so many calls have arrived; false when they do not.
    #[must_use]
    pub fn wait_for_calls(&self, count: usize, timeout: Duration) -> bool {
        let wait = self
            .shared
            .0
            .1
            .wait_timeout_while(self.shared.lock(), timeout, |state| state.calls.len() < count);
        !wait.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

async fn serve(services: Shared, listener: tokio::net::TcpListener) {
    let traces = TraceServiceServer::new(services.clone());
    let metrics = MetricsServiceServer::new(services);
    let server = Server::builder()
        .add_service(traces.accept_compressed(CompressionEncoding::Gzip))
        .add_service(metrics.accept_compressed(CompressionEncoding::Gzip));
    let _ = server.serve_with_incoming(TcpIncoming::from(listener)).await;
}

impl Drop for GrpcCollector {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
