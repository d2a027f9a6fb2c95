//! The names are those that go out over OTLP, but for what each way has alone.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use toolwatch::event::Transport;
use toolwatch::opentelemetry::KeyValue;
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::tour::every_kind;

use super::nest::watch;

const OVER_OTLP: &str =
    include_str!("../otlp/snapshots/otlp__names__the_names_are_those_of_the_conventions.snap");

/// What the OTLP exporter has and a provider has not: sessions as spans, a resource of its own, and
/// the account of its own exports.
const OF_OTLP_ALONE: [&str; 13] = [
    "close",
    "session_start",
    "toolwatch.session_end.errors",
    "toolwatch.session_end.requests",
    "service.instance.id",
    "service.name",
    "service.version",
    "mcp.server.name",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "toolwatch.otlp.metrics.exports.failed ({export})",
    "toolwatch.otlp.metrics.points.rejected ({point})",
];

type Sections = BTreeMap<String, BTreeSet<String>>;

fn sections() -> Sections {
    let body = OVER_OTLP.splitn(3, "---\n").nth(2).expect("a snapshot");
    let (mut sections, mut title) = (Sections::new(), String::new());
    for line in body.lines() {
        match line.strip_prefix("  ") {
            Some(name) => {
                sections.entry(title.clone()).or_default().insert(name.to_owned());
            }
            None => title = line.to_owned(),
        }
    }
    sections
}

fn keys<'a>(of: impl IntoIterator<Item = &'a KeyValue>) -> Vec<String> {
    attributes(of).into_keys().collect()
}

fn of_points(metric: &AggregatedMetrics) -> Vec<String> {
    match metric {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            sum.data_points().flat_map(|point| keys(point.attributes())).collect()
        }
        AggregatedMetrics::I64(MetricData::Sum(sum)) => {
            sum.data_points().flat_map(|point| keys(point.attributes())).collect()
        }
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
            histogram.data_points().flat_map(|point| keys(point.attributes())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_names_are_those_of_the_otlp_exporter() {
    let directory = tempfile::tempdir().expect("a directory");
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| {
        // A destination, so that there is an account.
        let builder = builder.transport(Transport::Stdio).tag("team", "a");
        builder.local().directory(directory.path())
    });
    every_kind(&watch).await;
    let (spans, metrics) = (sdk.spans(), sdk.metrics());
    let mut found = Sections::new();
    for span in &spans {
        found.entry("names of spans".to_owned()).or_default().insert(span.name.to_string());
        found.entry("spans".to_owned()).or_default().extend(keys(&span.attributes));
    }
    for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
        let name = format!("{} ({})", metric.name(), metric.unit());
        found.entry("names of metrics".to_owned()).or_default().insert(name);
        found.entry("data points".to_owned()).or_default().extend(of_points(metric.data()));
    }
    let mut expected = sections();
    for names in expected.values_mut() {
        names.retain(|name| !OF_OTLP_ALONE.contains(&name.as_str()));
    }
    expected.retain(|_, names| !names.is_empty());
    for (title, names) in &expected {
        let (got, of) = (&found[title], title);
        let missing: Vec<_> = names.difference(got).collect();
        let new: Vec<_> = got.difference(names).collect();
        assert!(missing.is_empty() && new.is_empty(), "{of}: {missing:?} missing, {new:?} new");
    }
    assert_eq!(found.len(), expected.len());
    let sent = sdk.exported().concat();
    for never in ["test://secret", "test://template/7", "test://static-text", "vendor/own"] {
        assert!(!sent.contains(never), "{never} was exported");
    }
    println!("otel: {} spans, the names of the OTLP exporter", spans.len());
}
