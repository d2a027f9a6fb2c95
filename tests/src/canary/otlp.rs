//! What was sent over OTLP, as text that can be searched: every field of every message.

use std::fmt::Write as _;
use std::io;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::Serialize;
use tonic::Status;
use toolwatch::testing::{Received, Receiver};
use toolwatch::{Otlp, OtlpProtocol};

use super::needle::{Kind, Needles};
use super::sinks::Sinks;
use crate::grpc::{Answer, Call, GrpcCollector, Message};
use crate::sdk::Sdk;

/// An OpenTelemetry collector.
pub enum OtlpSink {
    /// Over http/protobuf.
    Http(Receiver),
    /// Over gRPC.
    Grpc(GrpcCollector),
}

impl OtlpSink {
    /// A collector that takes everything.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub fn start(is_grpc: bool) -> io::Result<Self> {
        Ok(if is_grpc {
            Self::Grpc(GrpcCollector::start()?)
        } else {
            Self::Http(Receiver::start()?)
        })
    }

    /// What a watch is told, so that it sends here.
    pub fn otlp(&self) -> Otlp {
        match self {
            Self::Http(receiver) => Otlp::new().endpoint(receiver.endpoint()),
            Self::Grpc(collector) => {
                Otlp::new().protocol(OtlpProtocol::Grpc).endpoint(collector.endpoint())
            }
        }
        .gzip(true)
    }

    /// Over gRPC, a first answer that says what nobody may repeat.
    pub fn misbehave(&self, needles: &mut Needles) {
        if let Self::Grpc(collector) = self {
            let text = needles.word(Kind::Error, "what the collector answers");
            let details = needles.word(Kind::Error, "details of what the collector answers");
            let code = tonic::Code::Unavailable;
            let status = Status::with_details(code, text, details.into_bytes().into());
            collector.script([Answer::Status(Box::new(status)), Answer::Partly(1)]);
        }
    }
}

impl Sinks {
    /// Adds what came to a collector: heads, and messages as JSON.
    pub fn add_otlp(&mut self, sink: &OtlpSink) {
        match sink {
            OtlpSink::Http(receiver) => self.add_requests_of_otlp(&receiver.requests()),
            OtlpSink::Grpc(collector) => self.add_calls(&collector.calls()),
        }
    }

    fn add_requests_of_otlp(&mut self, requests: &[Received]) {
        for (at, request) in requests.iter().enumerate() {
            let mut head = format!("{}\r\n", request.line());
            for (name, value) in request.headers() {
                write!(head, "{name}: {value}\r\n").ok();
            }
            self.add(format!("head of OTLP request {at}"), head);
            let (what, text) = match request.target() {
                "POST /v1/traces" => ("spans", json::<ExportTraceServiceRequest>(&request.body())),
                _ => ("metrics", json::<ExportMetricsServiceRequest>(&request.body())),
            };
            self.add(format!("{what} of OTLP request {at}"), text);
        }
    }

    fn add_calls(&mut self, calls: &[Call]) {
        for (at, call) in calls.iter().enumerate() {
            let mut head = String::new();
            for (name, value) in &call.metadata {
                write!(head, "{name}: {value}\r\n").ok();
            }
            self.add(format!("head of OTLP call over gRPC {at}"), head);
            let (what, text) = match &call.message {
                Message::Traces(spans) => ("spans", serde_json::to_vec(spans)),
                Message::Metrics(metrics) => ("metrics", serde_json::to_vec(metrics)),
            };
            self.add(format!("{what} of OTLP call over gRPC {at}"), text.unwrap_or_default());
        }
    }
}

impl Sinks {
    /// Adds what the application's own provider has exported: every span and every metric, as an
    /// exporter would send them.
    pub fn add_otel(&mut self, sdk: &Sdk) {
        let [spans, metrics] = sdk.exported();
        self.add("spans of the provider", spans);
        self.add("metrics of the provider", metrics);
    }
}

/// What cannot be decoded is searched as it is.
fn json<M: prost::Message + Default + Serialize>(body: &[u8]) -> Vec<u8> {
    let decoded = M::decode(body).ok().and_then(|message| serde_json::to_vec(&message).ok());
    decoded.unwrap_or_else(|| body.to_vec())
}
