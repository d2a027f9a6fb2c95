//! The registry's numbers, as a collector gets them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point::Value as Number};
use toolwatch::testing::Reply;

use super::collector::{Attributes, Collector, PATIENCE, attributes};
use toolwatch_tests::tour::every_outcome;

const CUMULATIVE: i32 = 2;

/// Every series of every sum: its metric, its attributes and its number.
fn sums(metrics: &[Metric]) -> BTreeMap<(String, Vec<String>), i64> {
    let mut all = BTreeMap::new();
    for metric in metrics {
        let Some(Data::Sum(sum)) = &metric.data else { continue };
        assert_eq!(sum.aggregation_temporality, CUMULATIVE);
        for point in &sum.data_points {
            let Some(Number::AsInt(number)) = point.value else { panic!("{metric:?}") };
            let key = (metric.name.clone(), labels(&attributes(&point.attributes)));
            assert!(all.insert(key, number).is_none(), "a series is there twice: {metric:?}");
        }
    }
    all
}

fn labels(attributes: &Attributes) -> Vec<String> {
    attributes.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn find<'a>(metrics: &'a [Metric], name: &str) -> &'a Metric {
    metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn operations_are_a_histogram_and_calls_are_counters() {
    let collector = Collector::start();
    let (watch, _directory) = collector.watch_with(|otlp| otlp, |builder| builder);
    every_outcome(&watch);
    watch.shutdown(PATIENCE);
    let exports = collector.exports();
    let (resource, metrics) = exports.last().expect("an export at the end");
    assert_eq!(resource, &collector.spans()[0].resource, "spans and metrics of one resource");
    let duration = find(metrics, "mcp.server.operation.duration");
    assert_eq!(duration.unit, "s");
    let Some(Data::Histogram(histogram)) = &duration.data else { panic!("{duration:?}") };
    assert_eq!(histogram.aggregation_temporality, CUMULATIVE);
    let mut series = BTreeMap::new();
    for point in &histogram.data_points {
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert!(point.explicit_bounds.is_sorted() && point.explicit_bounds.contains(&0.01));
        assert_eq!(point.explicit_bounds.last(), Some(&300.0));
        assert!(
            point.start_time_unix_nano > 0 && point.start_time_unix_nano < point.time_unix_nano
        );
        let before = series.insert(labels(&attributes(&point.attributes)), point.count);
        assert!(before.is_none(), "two points of one series");
    }
    let call = |tool: &str, more: &[&str]| {
        let mut labels = vec![
            "gen_ai.operation.name=\"execute_tool\"".to_owned(),
            format!("gen_ai.tool.name=\"{tool}\""),
            "mcp.method.name=\"tools/call\"".to_owned(),
        ];
        labels.extend(more.iter().map(|label| (*label).to_owned()));
        labels.sort();
        labels
    };
    assert_eq!(series[&call("echo", &[])], 1);
    assert_eq!(series[&call("echo", &["error.type=\"tool_error\""])], 1);
    let internal = ["error.type=\"-32603\"", "rpc.response.status_code=\"-32603\""];
    assert_eq!(series[&call("protocol_fail", &internal)], 1);
    assert_eq!(series[&call("_unknown", &["rpc.response.status_code=\"-32602\""])], 1);
    assert_eq!(series[&vec!["mcp.method.name=\"ping\"".to_owned()]], 1);
    let sums = sums(metrics);
    let of = |name: &str, labels: &[&str]| {
        sums[&(name.to_owned(), labels.iter().map(|label| (*label).to_owned()).collect())]
    };
    let echo = "gen_ai.tool.name=\"echo\"";
    assert_eq!(of("toolwatch.tool.calls", &[echo, "toolwatch.outcome=\"ok\""]), 1);
    assert_eq!(of("toolwatch.tool.arguments.invalid", &[echo]), 1);
    assert_eq!(of("toolwatch.tool.in_flight", &[echo]), 0);
    let account = ["toolwatch.account=\"own\"", "toolwatch.destination=\"otlp\""];
    assert!(of("toolwatch.events.captured", &account) >= 15);
    let sessions = find(metrics, "mcp.server.session.duration");
    assert!(matches!(&sessions.data, Some(Data::Histogram(of)) if of.data_points[0].count == 1));
}

#[test]
fn a_failed_export_is_counted_and_the_next_one_tells_all() {
    let collector = Collector::start();
    let otlp = |otlp: toolwatch::Otlp| otlp.spans(false);
    let (watch, _directory) = collector.watch_with(otlp, |builder| builder);
    collector.0.script([Reply::status(500), Reply::status(400)]);
    watch.flush(PATIENCE);
    watch.flush(PATIENCE);
    watch.flush(PATIENCE);
    let exports = collector.exports();
    let failed = |metrics: &[Metric]| {
        let key = ("toolwatch.otlp.metrics.exports.failed".to_owned(), Vec::new());
        sums(metrics)[&key]
    };
    let counts: Vec<_> = exports.iter().map(|(_, metrics)| failed(metrics)).collect();
    assert_eq!(counts, [0, 1, 2], "an export is never repeated");
}

#[test]
fn metrics_are_sent_from_time_to_time() {
    let collector = Collector::start();
    let often =
        |otlp: toolwatch::Otlp| otlp.spans(false).metrics_interval(Duration::from_millis(20));
    let (_watch, _directory) = collector.watch_with(often, |builder| builder);
    assert!(collector.0.wait_for_requests(3, PATIENCE));
    let exports = collector.exports();
    let start_of = |metrics: &[Metric]| {
        let metric = find(metrics, "toolwatch.resource.reads");
        let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
        (sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano)
    };
    let times: Vec<_> = exports.iter().map(|(_, metrics)| start_of(metrics)).collect();
    assert!(times.windows(2).all(|pair| pair[0].0 == pair[1].0), "one start: {times:?}");
    assert!(times.windows(2).all(|pair| pair[0].1 < pair[1].1), "{times:?}");
}

#[test]
fn times_beyond_the_clock_send_metrics_and_spans_when_they_are_asked_for() {
    let collector = Collector::start();
    let long = |otlp: toolwatch::Otlp| otlp.metrics_interval(Duration::MAX).timeout(Duration::MAX);
    let with = |builder: toolwatch::WatchBuilder| builder.flush_interval(Duration::MAX);
    let (watch, _directory) = collector.watch_with(long, with);
    watch.event("waits").record();
    assert_eq!(watch.flush(PATIENCE).delivered, 1);
    assert!(!collector.exports().is_empty());
    assert_eq!(watch.stats().panics, 0);
}

#[test]
fn a_collector_that_hangs_delays_neither_the_end_nor_a_drop() {
    let collector = Collector::start();
    collector.0.always(Reply::hang());
    let hangs = Duration::from_secs(600);
    let start = || collector.watch_with(|otlp| otlp.timeout(hangs), |builder| builder);
    let (watch, _directory) = start();
    watch.event("hung").record();
    let began = Instant::now();
    watch.shutdown(Duration::from_millis(200));
    let shutdown = began.elapsed();
    let (dropped, _directory) = start();
    dropped.event("hung").record();
    assert!(collector.0.wait_for_requests(2, PATIENCE));
    let began = Instant::now();
    drop(dropped);
    let drop = began.elapsed();
    println!("otlp with a hanging collector: shutdown(200 ms) {shutdown:?}, drop {drop:?}");
    // The bars are 250 ms and 50 ms, which `ladders` measures. Here it is the request's own timeout
    // that nobody may wait for.
    assert!(shutdown < hangs / 10 && drop < hangs / 10);
}
