//! Observability for MCP servers written with [rmcp](https://docs.rs/rmcp): which tools agents call,
//! how long they take, how they fail, whether the arguments fit the schema, whether the agent repeats
//! itself, and why it called. No argument value leaves the process unless a rule that the compiler
//! has checked says so.
//!
//! ```
//! use rmcp::handler::server::wrapper::Parameters;
//! use rmcp::{tool, tool_router};
//! use toolwatch::{Shape, Watch, watched_tool};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema, Shape)]
//! struct Search {
//!     query: String,
//!     cursor: Option<String>,
//! }
//!
//! #[derive(Clone)]
//! struct Docs;
//!
//! #[tool_router(server_handler)]
//! impl Docs {
//!     /// Search the documentation.
//!     #[watched_tool(args(query = hash, cursor = volatile))]
//!     #[tool]
//!     async fn search(&self, Parameters(search): Parameters<Search>) -> String {
//!         format!("nothing about {}", search.query)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let watch = Watch::builder().server("docs", "1.0.0").build()?;
//! let server = watch.wrap_with_router(Docs, Docs::tool_router());
//! // server.serve(rmcp::transport::stdio()).await?.waiting().await?;
//! # let _ = server;
//!
//! // A unit test calls the tool's body directly.
//! let search = Search { query: "lifetimes".into(), cursor: None };
//! assert_eq!(Docs.search_unwatched(Parameters(search)).await, "nothing about lifetimes");
//! # Ok(())
//! # }
//! ```
//!
//! - [`watched_tool`] records the calls of one tool; [`Shape`] and [`Reveal`] are derived on its
//!   parameter types.
//! - [`Watch::wrap`] records every operation of a whole server, [`Watch::install`] the tools with the
//!   attribute alone; [`manifest`] lists what can leave, and why.
//! - [`Watch`] holds the settings and the delivery path; [`WatchBuilder`] lists every option and
//!   variable.
//! - `prometheus` (a feature) shows the numbers of a watch to Prometheus.
//! - [`local`] reads the record of a server back, without any other server.
//! - [`Destination`] takes events anywhere; [`IngestClient`] sends batches by itself.
//! - [`CurrentCall`] and [`Watch::event`] add tags and events of the author's own.
//! - [`ServerLogger`] sends log messages to the client; [`Metrics`] are the numbers so far.
//! - [`event`] is the vocabulary of what is recorded.
//!
//! # Features
//!
//! | feature | default | brings | dependencies it adds to an rmcp server |
//! |---|---|---|---|
//! | `macros` | yes | [`watched_tool`] and the derives | `toolwatch-macros` (syn 3, quote and proc-macro2 are rmcp's own) |
//! | `schema` | yes | whether arguments fit the tool's JSON Schema | `jsonschema` |
//! | `http` | yes | delivery to an ingest endpoint, [`IngestClient`] | `reqwest` without TLS, `flate2`, `httpdate` |
//! | `tls` | yes | endpoints over `https` | reqwest's own choice: `rustls` with aws-lc, the platform's trust store |
//! | `log` | no | one line per event, to stderr or `tracing` | |
//! | `prometheus` | no | metrics for Prometheus: text, a service, a listener, a text file | `prometheus` without protobuf, `fnv`, `lazy_static`; without the default features also `parking_lot`, its three, and `tower-service` |
//! | `otlp` | no | spans and metrics over OTLP, http/protobuf, from the spool | those of `http`, no more |
//! | `otlp-grpc` | no | the same over gRPC | `h2`, `fnv` |
//! | `otel` | no | spans and metrics on the application's own OpenTelemetry provider | `opentelemetry`, the API alone |
//! | `agentcat` | no | [`AgentCat`](destination::AgentCat): shapes to AgentCat's public events API | those of `http`, no more |
//! | `testing` | no | an ingest receiver within the process, for tests | `flate2` |
//! | `audit` | no | [`audit`], the tamper-evident log, and the program `toolwatch-audit` | `ed25519-dalek`, `base64`, `zeroize` |
//! | `full` | no | all of the above | |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attach;
#[cfg(feature = "audit")]
pub mod audit;
mod capture;
mod contain;
mod custom;
pub mod destination;
mod error;
pub mod event;
#[doc(hidden)]
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod local;
#[cfg(feature = "log")]
mod log;
pub mod manifest;
pub mod metrics;
#[cfg(feature = "otel")]
mod otel;
#[cfg(not(feature = "otel"))]
#[path = "no_otel.rs"]
mod otel;
#[cfg(feature = "prometheus")]
#[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
pub mod prometheus;
mod semconv;
mod sender;
pub mod shape;
mod span;
mod spool;
mod stderr;
mod sync;
mod system;
#[cfg(any(feature = "otlp", feature = "otel"))]
mod telemetry;
#[cfg(any(feature = "testing", all(test, feature = "http")))]
pub mod testing;
mod watch;
mod wrap;

#[doc(inline)]
pub use attach::{Blame, Blamed};
pub use capture::context::{RemoteParent, RequestInfo, detect_transport};
pub use capture::hash::HashMode;
pub use capture::intent::IntentLevel;
pub use capture::plan::Lengths;
pub use capture::repeat::LoopThresholds;
pub use custom::{CurrentCall, CustomEvent, LogLevel, ServerLogger, Session};
#[cfg(feature = "http")]
#[doc(inline)]
pub use destination::IngestClient;
#[doc(inline)]
pub use destination::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
#[cfg(feature = "otlp")]
#[doc(inline)]
pub use destination::{Otlp, OtlpProtocol};
pub use error::Error;
#[cfg(feature = "log")]
pub use log::LogTarget;
#[doc(inline)]
pub use metrics::Metrics;
/// The version of the OpenTelemetry API that spans and metrics are made with.
#[cfg(feature = "otel")]
#[cfg_attr(docsrs, doc(cfg(feature = "otel")))]
#[doc(no_inline)]
pub use opentelemetry;
#[cfg(feature = "otel")]
#[cfg_attr(docsrs, doc(cfg(feature = "otel")))]
pub use otel::{Otel, OtelCheck, OtelState};
pub use sender::Durability;
#[doc(inline)]
pub use shape::{Count, Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
pub use spool::{Delivery, DropReason, Stats, Tally};
#[cfg(feature = "macros")]
#[doc = include_str!("macros/reveal.md")]
pub use toolwatch_macros::Reveal;
#[cfg(feature = "macros")]
#[doc = include_str!("macros/shape.md")]
pub use toolwatch_macros::Shape;
#[cfg(feature = "macros")]
#[doc = include_str!("macros/watched_tool.md")]
pub use toolwatch_macros::watched_tool;
pub use watch::{FieldInfo, IdentityLevel, Installed, IntentScope, Watch, WatchBuilder};
pub use wrap::Watched;

#[doc(hidden)]
pub mod __private {
    //! What expansions of `#[watched_tool]` name. No part of the public interface.
    pub use crate::attach::{
        BlameOf, BlameProbe, Call, Declared, Entry, FaultOf, FaultProbe, Finished, Opened,
        ReasonOf, ReasonProbe, Running, ShapeOf, ShapeProbe, Site, SkippedSite, Spec, fields_of,
    };
    pub use crate::capture::failure::Fault;
    pub use crate::capture::intent::{IntentMode, IntentSpec};
    pub use crate::capture::plan::Rule;
    pub use rmcp;
    pub use rmcp::ErrorData;
    pub use rmcp::model::CallToolResponse;
}

/// The code in the README compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The code in the guide to whole servers compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/guides/servers.md")]
struct ServersGuide;

/// The code in the guide to rules compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/guides/rules.md")]
struct RulesGuide;

/// The code in the guide to OTLP compiles.
#[cfg(all(doctest, feature = "otlp"))]
#[doc = include_str!("../../docs/guides/otlp.md")]
struct OtlpGuide;

/// The code in the guide to the OpenTelemetry API compiles.
#[cfg(all(doctest, feature = "otel"))]
#[doc = include_str!("../../docs/guides/opentelemetry.md")]
struct OpenTelemetryGuide;

/// The code in the guide to Prometheus compiles.
#[cfg(all(doctest, feature = "prometheus"))]
#[doc = include_str!("../../docs/guides/prometheus.md")]
struct PrometheusGuide;

/// The code in the guide to readers within the process compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/guides/readers.md")]
struct ReadersGuide;

/// The code in the guide to events compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/guides/events.md")]
struct EventsGuide;

/// The code in the guide to the ingest endpoint compiles.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../docs/guides/ingest.md")]
struct IngestGuide;

/// The code in the guide to AgentCat compiles.
#[cfg(all(doctest, feature = "agentcat"))]
#[doc = include_str!("../../docs/guides/agentcat.md")]
struct AgentCatGuide;

/// The code in the guide to a deployment compiles.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/guides/deployment.md")]
struct DeploymentGuide;
