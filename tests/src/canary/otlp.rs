//! What was sent over OTLP, as text that can be searched: every field of every message.

use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::Serialize;
use toolwatch::testing::Received;

use super::sinks::Sinks;
use crate::sdk::Sdk;

impl Sinks {
    /// Adds requests to a collector: their heads, and their bodies as JSON.
    pub fn add_otlp(&mut self, requests: &[Received]) {
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
fn json<M: Message + Default + Serialize>(body: &[u8]) -> Vec<u8> {
    let decoded = M::decode(body).ok().and_then(|message| serde_json::to_vec(&message).ok());
    decoded.unwrap_or_else(|| body.to_vec())
}
