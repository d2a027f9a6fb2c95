//! The metrics of the conventions and ours, as the application's own reader collects them.

use std::collections::BTreeMap;

use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use toolwatch::opentelemetry::KeyValue;
use toolwatch_tests::observed::offline;
use toolwatch_tests::sdk::{Sdk, attributes};
use toolwatch_tests::tour::every_outcome;

use super::nest::watch;

fn labels<'a>(of: impl IntoIterator<Item = &'a KeyValue>) -> String {
    let told = attributes(of);
    told.iter().map(|(name, value)| format!("{name}={value} ")).collect()
}

fn find<'a>(of: &'a ResourceMetrics, name: &str) -> Option<&'a Metric> {
    of.scope_metrics().flat_map(|scope| scope.metrics()).find(|metric| metric.name() == name)
}

/// The numbers of a sum, by their attributes.
pub(crate) fn sums(of: &ResourceMetrics, name: &str) -> BTreeMap<String, i64> {
    match find(of, name).map(Metric::data) {
        None => BTreeMap::new(),
        Some(AggregatedMetrics::U64(MetricData::Sum(sum))) => {
            assert!(sum.is_monotonic(), "{name}");
            sum.data_points()
                .map(|point| (labels(point.attributes()), point.value().cast_signed()))
                .collect()
        }
        Some(AggregatedMetrics::I64(MetricData::Sum(sum))) => {
            assert!(!sum.is_monotonic(), "{name}");
            sum.data_points().map(|point| (labels(point.attributes()), point.value())).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// How many durations there are, by their attributes.
fn durations(of: &ResourceMetrics, name: &str) -> BTreeMap<String, u64> {
    let metric = find(of, name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(metric.unit(), "s");
    let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else {
        panic!("{metric:?}");
    };
    let points = histogram.data_points().map(|point| {
        let bounds: Vec<_> = point.bounds().collect();
        assert!(bounds.is_sorted() && bounds.first() == Some(&0.0001), "finer than advised");
        assert!(bounds.contains(&0.01) && bounds.last() == Some(&300.0), "and as advised");
        assert_eq!(point.bucket_counts().sum::<u64>(), point.count());
        (labels(point.attributes()), point.count())
    });
    points.collect()
}

#[test]
fn durations_and_counts_are_those_of_the_calls() {
    let sdk = Sdk::default();
    let watch = watch(&sdk, |builder| builder);
    every_outcome(&watch);
    let metrics = sdk.metrics();
    let series = durations(&metrics, "mcp.server.operation.duration");
    let call = |tool: &str, before: &str, after: &str| {
        format!(
            "{before}gen_ai.operation.name=\"execute_tool\" gen_ai.tool.name=\"{tool}\" \
             mcp.method.name=\"tools/call\" {after}"
        )
    };
    assert_eq!(series[&call("echo", "", "")], 1);
    assert_eq!(series[&call("echo", "error.type=\"tool_error\" ", "")], 1);
    let code = |code| format!("rpc.response.status_code=\"{code}\" ");
    assert_eq!(series[&call("protocol_fail", "error.type=\"-32603\" ", &code("-32603"))], 1);
    assert_eq!(series[&call("_unknown", "", &code("-32602"))], 1);
    assert_eq!(series[&call("wait", "error.type=\"cancelled\" ", "")], 1);
    assert_eq!(series[&call("wait", "error.type=\"dropped\" ", "")], 1, "a dropped call counts");
    assert_eq!(series[&call("panic", "error.type=\"panic\" ", "")], 1);
    assert_eq!(series["mcp.method.name=\"ping\" "], 1);
    assert_eq!(series.values().sum::<u64>(), sdk.spans().len() as u64, "one for each span");
    assert_eq!(durations(&metrics, "mcp.server.session.duration"), [(String::new(), 1)].into());

    let tool = |name: &str| format!("gen_ai.tool.name=\"{name}\" ");
    let calls = sums(&metrics, "toolwatch.tool.calls");
    assert_eq!(calls[&format!("{}toolwatch.outcome=\"ok\" ", tool("echo"))], 1);
    assert_eq!(calls[&format!("{}toolwatch.outcome=\"cancelled\" ", tool("wait"))], 1);
    assert_eq!(calls.values().sum::<i64>(), 11);
    assert!(sums(&metrics, "toolwatch.tool.in_flight").values().all(|count| *count == 0));
    assert_eq!(sums(&metrics, "toolwatch.tool.arguments.invalid")[&tool("echo")], 1);
    assert_eq!(sums(&metrics, "toolwatch.tool.arguments.unknown_keys")[&tool("echo")], 1);
    assert_eq!(sums(&metrics, "toolwatch.resource.reads"), [(String::new(), 0)].into());
    assert!(find(&metrics, "toolwatch.events.captured").is_none(), "there is no destination");
    drop(watch);
    sdk.metering.force_flush().expect("a collection after the end of the watch");
    println!("otel: {} series of durations", series.len());
}

#[test]
fn accounts_are_those_of_the_destinations() {
    let (sdk, directory) = (Sdk::default(), tempfile::tempdir().expect("a directory"));
    let watch = watch(&sdk, |builder| builder.local().directory(directory.path()));
    watch.event("one").record();
    watch.event("two").record();
    let metrics = sdk.metrics();
    let captured = sums(&metrics, "toolwatch.events.captured");
    let own: Vec<_> = captured.iter().filter(|(labels, _)| labels.contains("own")).collect();
    assert_eq!(own.iter().map(|(_, count)| **count).sum::<i64>(), 2, "{captured:?}");
    let stats = watch.stats();
    let spooled: i64 = sums(&metrics, "toolwatch.events.spooled").values().sum();
    let delivered: i64 = sums(&metrics, "toolwatch.events.delivered").values().sum();
    assert_eq!(spooled + delivered, 2, "{stats:?}");
}

#[test]
fn spans_or_metrics_can_be_left_to_somebody_else() {
    let sdk = Sdk::default();
    let watch = offline().otel(sdk.otel().metrics(false)).build().expect("a watch");
    watch.event("one").record();
    sdk.metering.force_flush().expect("a collection");
    assert_eq!(sdk.spans().len(), 1);
    let other = Sdk::default();
    let watch = offline().otel(other.otel().spans(false)).build().expect("a watch");
    watch.event("one").record();
    assert!(other.spans().is_empty());
    assert!(find(&other.metrics(), "toolwatch.resource.reads").is_some());
    assert!(sdk.collected().is_none_or(|of| find(&of, "toolwatch.resource.reads").is_none()));
}
