//! What turns gRPC on, what a call has beside its message, and where it goes.

use std::collections::HashMap;
use std::io::Read as _;
use std::net::TcpListener;

use toolwatch::{Durability, Otlp, OtlpProtocol, WatchBuilder};
use toolwatch_tests::grpc::{GrpcCollector, Message};
use toolwatch_tests::observed::offline;
use toolwatch_tests::raw::RawServer;

use super::super::collector::{Collector, PATIENCE, spans_of, watch_to};
use super::{otlp, settle, wait_for_spans};

fn with(variables: &[(&str, &str)]) -> WatchBuilder {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    offline()
        .durability(Durability::Memory)
        .environment(move |name| variables.get(name).cloned())
        .on_error(|_| {})
}

#[test]
fn variables_turn_grpc_on_for_one_signal_or_both() {
    let (grpc, http) = (GrpcCollector::start().expect("a collector"), Collector::start());
    let (endpoint, of_metrics) = (grpc.endpoint(), format!("{}/v1/metrics", http.0.endpoint()));
    let builder = with(&[
        ("TOOLWATCH_OTLP", "1"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &of_metrics),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "70000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ]);
    let watch = builder.build().expect("a watch");
    watch.event("configured").record();
    watch.shutdown(PATIENCE);
    assert_eq!(http.exports().len(), 1);
    let calls = grpc.calls();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert!(matches!(call.message, Message::Traces(_)));
    for (name, value) in [
        ("x-key", "a b"),
        ("grpc-timeout", "70000m"),
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "identity"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ] {
        assert_eq!(call.header(name), Some(value), "{name} in {:?}", call.metadata);
    }
    let agent = call.header("user-agent").expect("an agent");
    assert!(agent.starts_with("OTel-OTLP-Exporter-toolwatch/"), "{agent}");
}

#[test]
fn options_turn_grpc_on_for_both_signals_and_compression_off() {
    let grpc = GrpcCollector::start().expect("a collector");
    let set = otlp(grpc.endpoint()).gzip(false).header("x-tenant", "docs");
    let (watch, _directory) = watch_to(set, |builder| builder);
    watch.event("configured").record();
    watch.shutdown(PATIENCE);
    assert_eq!((spans_of(grpc.traces()).len(), grpc.metrics().len()), (1, 1));
    for call in grpc.calls() {
        assert_eq!((call.header("x-tenant"), call.header("grpc-encoding")), (Some("docs"), None));
        assert_eq!(call.header("grpc-timeout"), Some("10000m"));
    }
}

#[test]
fn a_path_of_a_variable_is_left_out_and_named_and_one_in_code_fails() {
    let grpc = GrpcCollector::start().expect("a collector");
    let endpoint = format!("{}/v1/traces", grpc.endpoint());
    let directory = tempfile::tempdir().expect("a directory");
    let variables = [
        ("TOOLWATCH_OTLP", "1"),
        ("TOOLWATCH_DIR", &*directory.path().to_string_lossy()),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
    ];
    let program = env!("CARGO_BIN_EXE_wrapped");
    let server = RawServer::start(program, &["watched", "stdio"], &variables);
    let mut server = server.expect("the server starts");
    server.initialize().expect("the handshake");
    wait_for_spans(&grpc, 1);
    let (_, stderr) = server.close().expect("a clean end");
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("the path of the OTLP endpoint") && !stderr.contains("v1"), "{stderr}");
    for wrong in ["http://c:4317/base", "http://c:4317?x", "c:4317", "grpc://c:4317"] {
        let built = with(&[]).otlp(otlp(wrong)).build();
        assert!(built.is_err_and(|error| error.is_configuration()), "{wrong}");
    }
}

#[test]
fn an_endpoint_of_a_variable_without_a_scheme_is_taken() {
    let grpc = GrpcCollector::start().expect("a collector");
    let builder = with(&[
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &grpc.address().to_string()),
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
    ]);
    let otlp = Otlp::new().protocol(OtlpProtocol::Grpc);
    let watch = builder.otlp(otlp).build().expect("a watch");
    watch.event("configured").record();
    settle(&watch);
    assert_eq!(spans_of(grpc.traces()).len(), 1);
}

#[test]
fn over_tls_http_2_is_asked_for_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("https://{}", listener.local_addr().expect("an address"));
    let (watch, _directory) = watch_to(otlp(endpoint).metrics(false), |builder| builder);
    watch.event("secret").record();
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let mut greeting = Vec::new();
    let has = |greeting: &[u8], text: &[u8]| greeting.windows(text.len()).any(|of| of == text);
    while !has(&greeting, b"\x00\x03\x02h2") {
        let mut part = [0; 4096];
        let len = stream.read(&mut part).expect("a greeting of TLS");
        assert!(len > 0, "no HTTP/2 in {greeting:?}");
        greeting.extend_from_slice(&part[..len]);
    }
    assert!(greeting.starts_with(&[0x16, 3]) && !has(&greeting, b"http/1.1"));
}
