//! A watched server on the program's own OpenTelemetry provider, whose tool opens spans of its own.
//!
//! `cargo run -p toolwatch-examples --example otel` serves over stdin and stdout. With `--demo` it
//! calls its tool twice. Either way each call's spans are printed to stderr, nested, by an exporter of
//! a few lines; a real program takes one of `opentelemetry-otlp`. See docs/guides/opentelemetry.md.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Mutex;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::stdio;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::opentelemetry::trace::{FutureExt, SpanId, TraceContextExt, TraceId, Tracer};
use toolwatch::opentelemetry::{Context, KeyValue, global};
use toolwatch::{Otel, OtelState, Shape, Watch, watched_tool};

#[derive(Clone)]
struct Library;

#[derive(Deserialize, JsonSchema, Shape)]
struct Find {
    title: String,
}

#[tool_router(server_handler)]
impl Library {
    /// Find a book by its title.
    #[watched_tool]
    #[tool]
    async fn find(&self, Parameters(find): Parameters<Find>) -> Result<String, String> {
        // The current span is the one of this call.
        Context::current().span().set_attribute(KeyValue::new("library.branch", "main"));
        let tracer = global::tracer("library");
        let catalogue = Context::current_with_span(tracer.start("read the catalogue"));
        let shelf = look_up(&find.title).with_context(catalogue).await;
        shelf.ok_or_else(|| "there is no such book".to_owned())
    }
}

async fn look_up(title: &str) -> Option<String> {
    tokio::task::yield_now().await;
    let is_there = global::tracer("library").in_span("compare titles", |_| title == "Moby-Dick");
    is_there.then(|| "shelf 7".to_owned())
}

/// Prints a trace when its first span has ended, which is the last one to do so.
#[derive(Debug, Default)]
struct Printer(Mutex<HashMap<TraceId, Vec<SpanData>>>);

impl SpanExporter for Printer {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            let trace = span.span_context.trace_id();
            let is_root = span.parent_span_id == SpanId::INVALID;
            let mut waiting = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            waiting.entry(trace).or_default().push(span);
            if is_root {
                let spans = waiting.remove(&trace).unwrap_or_default();
                let mut text = String::new();
                write_below(SpanId::INVALID, 0, &spans, &mut text);
                eprint!("{text}");
            }
        }
        Ok(())
    }
}

fn write_below(parent: SpanId, depth: usize, spans: &[SpanData], text: &mut String) {
    for span in spans.iter().filter(|span| span.parent_span_id == parent) {
        let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let failed = span.attributes.iter().find(|pair| pair.key.as_str() == "error.type");
        let failed = failed.map(|pair| format!(" ({})", pair.value)).unwrap_or_default();
        let indent = "  ".repeat(depth);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{indent}{}{failed}: {} us", span.name, took.as_micros());
        write_below(span.span_context.span_id(), depth + 1, spans, text);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A batch processor does not let calls wait; this one prints at once.
    let provider = SdkTracerProvider::builder().with_simple_exporter(Printer::default()).build();
    global::set_tracer_provider(provider.clone());
    let watch = Watch::builder().server("library", "1.0.0").otel(Otel::new()).build()?;
    let server = watch.wrap_with_router(Library, Library::tool_router());
    if std::env::args().nth(1).as_deref() == Some("--demo") {
        demo(server).await?;
        let spans = watch.otel_check().spans;
        println!("spans: {spans:?}");
        assert_eq!(spans, OtelState::Works);
    } else {
        server.serve(stdio()).await?.waiting().await?;
    }
    provider.shutdown()?;
    Ok(())
}

/// A client in the same process finds one book and not the other.
async fn demo(server: impl rmcp::ServerHandler) -> Result<(), Box<dyn Error>> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let serving = tokio::spawn(server.serve(far));
    let client = ().serve(near).await?;
    let serving = serving.await??;
    for title in ["Moby-Dick", "The Whale"] {
        let arguments = json!({ "title": title }).as_object().cloned().unwrap_or_default();
        let call = CallToolRequestParams::new("find").with_arguments(arguments);
        let reply: Value = serde_json::to_value(client.call_tool(call).await?)?;
        println!("{}", reply["content"][0]["text"]);
    }
    client.cancel().await?;
    serving.waiting().await?;
    Ok(())
}
