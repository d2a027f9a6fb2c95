//! The span that an author would write by hand: fourteen attributes, none of them an argument.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanKind, Tracer, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter};

/// An exporter that throws every batch away.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// A provider whose batches are thrown away.
pub fn provider() -> SdkTracerProvider {
    let processor = BatchSpanProcessor::builder(Discard).build();
    SdkTracerProvider::builder().with_span_processor(processor).build()
}

fn tracer() -> &'static SdkTracer {
    static TRACER: OnceLock<(SdkTracerProvider, SdkTracer)> = OnceLock::new();
    let (_, tracer) = TRACER.get_or_init(|| {
        let provider = provider();
        let tracer = provider.tracer("bench");
        (provider, tracer)
    });
    tracer
}

/// Runs a tool's body in a span of the batch processor.
pub fn in_span(body: impl FnOnce() -> String) -> String {
    let tracer = tracer();
    let mut span = tracer
        .span_builder("tools/call search")
        .with_kind(SpanKind::Server)
        .with_attributes([
            KeyValue::new("mcp.method.name", "tools/call"),
            KeyValue::new("gen_ai.tool.name", "search"),
            KeyValue::new("gen_ai.operation.name", "execute_tool"),
            KeyValue::new("mcp.protocol.version", "2025-11-25"),
            KeyValue::new("mcp.session.id", "5f0c6d2e9b7a4c11"),
            KeyValue::new("network.transport", "pipe"),
            KeyValue::new("mcp.client.name", "bench"),
            KeyValue::new("mcp.client.version", "1.0.0"),
            KeyValue::new("service.name", "docs"),
            KeyValue::new("service.version", "1.0.0"),
            KeyValue::new("mcp.call.argument_count", 5_i64),
        ])
        .start(tracer);
    let output = body();
    span.set_attribute(KeyValue::new("mcp.call.outcome", "ok"));
    span.set_attribute(KeyValue::new("mcp.call.blocks", 1_i64));
    span.set_attribute(KeyValue::new("mcp.call.text_bytes", i64::try_from(output.len()).unwrap_or(i64::MAX)));
    span.end();
    output
}
