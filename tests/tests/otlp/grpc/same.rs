//! What arrives over gRPC is what arrives over http/protobuf.

use std::collections::BTreeSet;
use std::path::Path;

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point::Value as Number};
use toolwatch::Otlp;
use toolwatch::event::Transport;
use toolwatch_tests::grpc::GrpcCollector;
use toolwatch_tests::observed::offline;

use super::super::collector::{
    Attributes, Collector, PATIENCE, Sent, attributes, metrics_of, watch_to,
};
use super::{otlp, wait_for_spans};
use toolwatch_tests::tour::every_outcome;

/// Copies files as they are; a spool is private, and so must be its copy.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    let rights = std::fs::metadata(from).expect("its rights").permissions();
    std::fs::set_permissions(to, rights).expect("the same rights");
    for entry in std::fs::read_dir(from).expect("the directory") {
        let (path, to) = entry.map(|of| (of.path(), to.join(of.file_name()))).expect("an entry");
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("a copy");
        }
    }
}

fn sorted(mut spans: Vec<Sent>) -> Vec<Sent> {
    spans.sort_by(|one, other| one.span.span_id.cmp(&other.span.span_id));
    spans
}

#[test]
fn spans_over_grpc_are_those_over_http() {
    let directory = tempfile::tempdir().expect("a directory");
    let (here, there) = (directory.path().join("one"), directory.path().join("other"));
    let start = |otlp: Otlp, at: &Path| {
        let builder = offline().transport(Transport::Stdio).directory(at).otlp(otlp.metrics(false));
        builder.on_error(|_| {}).build().expect("a watch")
    };
    // Nobody listens there, so that all stays in the spool.
    let watch = start(Otlp::new().endpoint("http://127.0.0.1:9"), &here);
    every_outcome(&watch);
    let count = usize::try_from(watch.stats().own().captured()).expect("a number");
    drop(watch);
    copy(&here, &there);
    let (http, grpc) = (Collector::start(), GrpcCollector::start().expect("a collector"));
    let by_http = start(Otlp::new().endpoint(http.0.endpoint()), &here);
    let by_grpc = start(otlp(grpc.endpoint()), &there);
    let (of_http, of_grpc) = (http.wait_for_spans(count), wait_for_spans(&grpc, count));
    by_http.shutdown(PATIENCE);
    by_grpc.shutdown(PATIENCE);
    assert!(count >= 15 && of_grpc.len() == count, "{count} and {}", of_grpc.len());
    assert_eq!(sorted(of_grpc), sorted(of_http));
    println!("otlp: {count} spans are the same over gRPC and over HTTP");
}

/// Every series, with the numbers that do not depend on time.
fn series(metrics: &[Metric]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for metric in metrics {
        let mut add = |kind: &str, labels: Attributes, number: String| {
            let Metric { name, unit, .. } = metric;
            assert!(all.insert(format!("{name} {unit} {kind} {labels:?} {number}")));
        };
        match metric.data.as_ref().expect("data") {
            Data::Sum(sum) => sum.data_points.iter().for_each(|point| {
                let Some(Number::AsInt(number)) = point.value else { panic!("{metric:?}") };
                let is_ours = metric.name.starts_with("toolwatch.tool.");
                let number = if is_ours { number.to_string() } else { String::new() };
                let kind = format!("sum {} {}", sum.is_monotonic, sum.aggregation_temporality);
                add(&kind, attributes(&point.attributes), number);
            }),
            Data::Histogram(of) => of.data_points.iter().for_each(|point| {
                let kind = format!("{:?} {}", point.explicit_bounds, of.aggregation_temporality);
                add(&kind, attributes(&point.attributes), point.count.to_string());
            }),
            other => panic!("{other:?}"),
        }
    }
    all
}

#[test]
fn metrics_over_grpc_are_those_over_http() {
    let (http, grpc) = (Collector::start(), GrpcCollector::start().expect("a collector"));
    let exports = [Otlp::new().endpoint(http.0.endpoint()), otlp(grpc.endpoint())].map(|otlp| {
        let (watch, _directory) = watch_to(otlp, |builder| builder);
        every_outcome(&watch);
        watch.shutdown(PATIENCE);
    });
    assert_eq!(exports.len(), 2);
    let (mut resource, of_http) = http.exports().pop().expect("an export at the end");
    let last = grpc.metrics().pop().expect("an export at the end");
    let (mut resource_of_grpc, of_grpc) = metrics_of(last);
    for resource in [&mut resource, &mut resource_of_grpc] {
        resource.remove("service.instance.id").expect("of one run");
    }
    assert_eq!(resource, resource_of_grpc);
    let (of_http, of_grpc) = (series(&of_http), series(&of_grpc));
    assert!(of_grpc.len() > 50, "{of_grpc:#?}");
    assert_eq!(of_http, of_grpc);
    println!("otlp: {} series are the same over gRPC and over HTTP", of_grpc.len());
}
