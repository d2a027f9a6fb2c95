//! A collector in the suite's process, which decodes what it gets.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};
use toolwatch::event::Transport;
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{Otlp, Watch, WatchBuilder};
use toolwatch_tests::observed::offline;

/// How long something may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Attributes = BTreeMap<String, Value>;

/// A span, and who sent it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) resource: Attributes,
    pub(crate) scope: String,
    pub(crate) schema_urls: [String; 2],
    pub(crate) span: Span,
    pub(crate) attributes: Attributes,
}

pub(crate) struct Collector(pub(crate) Receiver);

impl Collector {
    pub(crate) fn start() -> Self {
        Self(Receiver::start().expect("a receiver"))
    }

    /// A watch that sends spans here and nothing else, with a directory of its own.
    pub(crate) fn watch(
        &self,
        set: impl FnOnce(WatchBuilder) -> WatchBuilder,
    ) -> (Watch, tempfile::TempDir) {
        self.watch_with(|otlp| otlp.metrics(false), set)
    }

    pub(crate) fn watch_with(
        &self,
        set_otlp: impl FnOnce(Otlp) -> Otlp,
        set: impl FnOnce(WatchBuilder) -> WatchBuilder,
    ) -> (Watch, tempfile::TempDir) {
        watch_to(set_otlp(Otlp::new().endpoint(self.0.endpoint()).gzip(true)), set)
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let requests = self.0.requests();
        let line = format!("POST {path}");
        let to_path = requests.iter().filter(|request| request.target() == line);
        to_path.map(Received::body).collect()
    }

    /// Every span of every request, in their order.
    pub(crate) fn spans(&self) -> Vec<Sent> {
        let bodies = self.bodies("/v1/traces").into_iter();
        let decode =
            |body: Vec<u8>| ExportTraceServiceRequest::decode(body.as_slice()).expect("a request");
        spans_of(bodies.map(decode))
    }

    /// Waits until so many spans have come.
    pub(crate) fn wait_for_spans(&self, count: usize) -> Vec<Sent> {
        let start = Instant::now();
        loop {
            let spans = self.spans();
            if spans.len() >= count {
                return spans;
            }
            let names: Vec<_> = spans.iter().map(|sent| &sent.span.name).collect();
            assert!(start.elapsed() < PATIENCE, "only {names:?} came");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The metrics of each export, with the resource.
    pub(crate) fn exports(&self) -> Vec<(Attributes, Vec<Metric>)> {
        let bodies = self.bodies("/v1/metrics").into_iter();
        let decode =
            |body: Vec<u8>| ExportMetricsServiceRequest::decode(body.as_slice()).expect("metrics");
        bodies.map(decode).map(metrics_of).collect()
    }
}

/// A watch that sends by these settings and nothing else, with a directory of its own.
pub(crate) fn watch_to(
    otlp: Otlp,
    set: impl FnOnce(WatchBuilder) -> WatchBuilder,
) -> (Watch, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let builder = offline().transport(Transport::Stdio).directory(directory.path()).otlp(otlp);
    (set(builder.on_error(|_| {})).build().expect("a watch"), directory)
}

/// Every span of these requests, in their order.
pub(crate) fn spans_of(requests: impl IntoIterator<Item = ExportTraceServiceRequest>) -> Vec<Sent> {
    let mut all = Vec::new();
    for of_run in requests.into_iter().flat_map(|request| request.resource_spans) {
        let resource = attributes(&of_run.resource.expect("a resource").attributes);
        for of_scope in of_run.scope_spans {
            let scope = of_scope.scope.expect("a scope");
            all.extend(of_scope.spans.into_iter().map(|span| Sent {
                resource: resource.clone(),
                scope: format!("{} {}", scope.name, scope.version),
                schema_urls: [of_run.schema_url.clone(), of_scope.schema_url.clone()],
                attributes: attributes(&span.attributes),
                span,
            }));
        }
    }
    all
}

/// The metrics of one export, with the resource.
pub(crate) fn metrics_of(request: ExportMetricsServiceRequest) -> (Attributes, Vec<Metric>) {
    let mut of_runs = request.resource_metrics;
    assert_eq!(of_runs.len(), 1, "one resource");
    let of_run = of_runs.remove(0);
    let resource = attributes(&of_run.resource.expect("a resource").attributes);
    let metrics = of_run.scope_metrics.into_iter().flat_map(|of_scope| of_scope.metrics);
    (resource, metrics.collect())
}

/// The reply of a collector that rejects so many spans.
pub(crate) fn partial(rejected_spans: i64) -> Reply {
    let partial_success =
        ExportTracePartialSuccess { rejected_spans, error_message: "no room".to_owned() };
    let response = ExportTraceServiceResponse { partial_success: Some(partial_success) };
    Reply::status(200)
        .header("content-type", "application/x-protobuf")
        .body(response.encode_to_vec())
}

pub(crate) fn attributes(pairs: &[KeyValue]) -> Attributes {
    let mut all = Attributes::new();
    for pair in pairs {
        let value = pair.value.clone().and_then(|value| value.value).expect("a value");
        let before = all.insert(pair.key.clone(), plain(value));
        assert!(before.is_none(), "{} is there twice", pair.key);
    }
    all
}

fn plain(value: Any) -> Value {
    match value {
        Any::StringValue(text) => json!(text),
        Any::BoolValue(is_so) => json!(is_so),
        Any::IntValue(number) => json!(number),
        Any::DoubleValue(number) => json!(number),
        Any::ArrayValue(list) => {
            list.values.into_iter().filter_map(|item| item.value).map(plain).collect()
        }
        other => panic!("{other:?} is no value that toolwatch sends"),
    }
}
