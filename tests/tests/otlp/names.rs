//! Every name that is sent, as a snapshot, and that those of the conventions are spelt like there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use toolwatch_tests::tour::every_kind;

use super::collector::{Collector, PATIENCE, attributes};

/// The attributes that the conventions have for spans of MCP servers and for their metrics.
const OF_CONVENTIONS: [&str; 20] = [
    "client.address",
    "client.port",
    "error.type",
    "gen_ai.operation.name",
    "gen_ai.prompt.name",
    "gen_ai.tool.name",
    "jsonrpc.protocol.version",
    "jsonrpc.request.id",
    "mcp.method.name",
    "mcp.protocol.version",
    "mcp.resource.uri",
    "mcp.session.id",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "rpc.response.status_code",
    "service.instance.id",
    "service.name",
    "service.version",
    "mcp.server.name",
];
/// The names of the guide that stand beside them, and ours.
const BESIDE: [&str; 5] =
    ["mcp.tool.", "mcp.resource.", "toolwatch.", "telemetry.sdk.", "mcp.server."];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_names_are_those_of_the_conventions() {
    let collector = Collector::start();
    let (watch, _directory) = collector.watch_with(|otlp| otlp, |builder| builder.tag("team", "a"));
    every_kind(&watch).await;
    watch.shutdown(PATIENCE);
    let spans = collector.spans();
    let mut text = String::new();
    let section = |text: &mut String, title: &str, names: BTreeSet<String>| {
        writeln!(text, "{title}").unwrap();
        for name in names {
            let is_known = OF_CONVENTIONS.contains(&name.as_str());
            let is_beside = BESIDE.iter().any(|prefix| name.starts_with(prefix));
            assert!(is_known || is_beside || title.starts_with("names"), "{name} is nobody's");
            writeln!(text, "  {name}").unwrap();
        }
    };
    let of_spans = spans.iter().map(|sent| sent.span.name.clone()).collect();
    section(&mut text, "names of spans", of_spans);
    let keys = |of: &super::collector::Attributes| of.keys().cloned().collect::<Vec<_>>();
    section(&mut text, "resource", spans.iter().flat_map(|sent| keys(&sent.resource)).collect());
    section(&mut text, "spans", spans.iter().flat_map(|sent| keys(&sent.attributes)).collect());
    let exports = collector.exports();
    let (_, metrics) = exports.last().expect("an export");
    let named = metrics.iter().map(|metric| format!("{} ({})", metric.name, metric.unit));
    section(&mut text, "names of metrics", named.collect());
    let mut of_points = BTreeSet::new();
    for metric in metrics {
        use opentelemetry_proto::tonic::metrics::v1::metric::Data;
        match &metric.data {
            Some(Data::Sum(of)) => {
                of.data_points
                    .iter()
                    .for_each(|at| of_points.extend(keys(&attributes(&at.attributes))));
            }
            Some(Data::Histogram(of)) => {
                of.data_points
                    .iter()
                    .for_each(|at| of_points.extend(keys(&attributes(&at.attributes))));
            }
            other => panic!("{other:?}"),
        }
    }
    section(&mut text, "data points", of_points);
    let sent = format!("{spans:?}");
    for never in ["test://secret", "test://template/7", "test://static-text", "vendor/own"] {
        assert!(!sent.contains(never), "{never} was sent");
    }
    insta::assert_snapshot!(text);
}
