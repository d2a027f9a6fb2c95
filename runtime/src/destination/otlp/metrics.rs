//! The registry's numbers as OTLP metrics, cumulative since the start of the watch.
//!
//! Attributes are the program's own names and closed vocabularies, whose number the registry bounds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::attribute::KeyValues;
use super::protobuf::Message;
use super::resource::{Resource, ServerRun, write_scope};
use crate::event::Name;
use crate::metrics::{Durations, Metrics};
use crate::semconv::otel;
use crate::telemetry::{
    Account, Attributes as _, COUNTERS, Counter, Kind, OperationKey, Point, operation_attributes,
};

const CUMULATIVE: u64 = 2;
/// Where a histogram and a sum stand in a metric.
const SUM: u32 = 7;
const HISTOGRAM: u32 = 9;

/// All that one export tells.
pub(super) struct Export<'a> {
    pub(super) resource: &'a Resource,
    pub(super) run: &'a ServerRun,
    pub(super) start_ns: u64,
    pub(super) now_ns: u64,
    pub(super) metrics: &'a Metrics,
    /// The account of each destination.
    pub(super) accounts: &'a [Account],
    /// Exports before this one that failed, and data points that a collector rejected.
    pub(super) lost: [u64; 2],
}

/// The attributes of one histogram.
type Labels = Vec<(&'static str, Cow<'static, str>)>;

const EXPORTS_FAILED: Counter = own("toolwatch.otlp.metrics.exports.failed", "{export}");
const POINTS_REJECTED: Counter = own("toolwatch.otlp.metrics.points.rejected", "{point}");

/// A counter whose numbers are known here alone.
const fn own(name: &'static str, unit: &'static str) -> Counter {
    Counter { name, unit, kind: Kind::Counter, read: |_, _| Vec::new() }
}

impl Export<'_> {
    /// An `ExportMetricsServiceRequest`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut request = Message::default();
        request.message(1, |of_run| {
            self.resource.write(of_run, self.run);
            of_run.message(2, |of_scope| {
                write_scope(of_scope);
                self.write(of_scope);
                of_scope.text(3, otel::SCHEMA_URL);
            });
            of_run.text(3, otel::SCHEMA_URL);
        });
        request.into_bytes()
    }

    fn write(&self, scope: &mut Message) {
        self.operations(scope);
        if self.metrics.sessions.count() > 0 {
            let sessions = [(Vec::new(), self.metrics.sessions)];
            self.histogram(scope, otel::SESSION_DURATION, &sessions);
        }
        for of in COUNTERS {
            self.sum(scope, of, &(of.read)(self.metrics, self.accounts));
        }
        // What became of exports like this one.
        let [exports, points] = self.lost.map(|lost| [(Vec::new(), lost)]);
        self.sum(scope, &EXPORTS_FAILED, &exports);
        self.sum(scope, &POINTS_REJECTED, &points);
    }

    fn operations(&self, scope: &mut Message) {
        let mut series: BTreeMap<_, Durations> = BTreeMap::new();
        for of in &self.metrics.operations {
            let (target, error_type) = (of.target.map(Name::as_str), of.error_type());
            let key = OperationKey { method: of.method, target, error_type, code: of.code };
            series.entry(key).or_default().add(&of.durations);
        }
        let point = |(key, durations): (OperationKey, Durations)| {
            let mut attributes = Vec::new();
            operation_attributes(key, |name, text| attributes.push((name, text)));
            (attributes, durations)
        };
        let points: Vec<_> = series.into_iter().map(point).collect();
        self.histogram(scope, otel::OPERATION_DURATION, &points);
    }

    fn sum(&self, scope: &mut Message, of: &Counter, points: &[Point<'_>]) {
        if points.is_empty() {
            return;
        }
        metric(scope, of.name, of.unit, SUM, |sum| {
            for (attributes, number) in points {
                sum.message(1, |point| {
                    self.times(point);
                    point.fixed64(6, signed(*number).cast_unsigned());
                    write_attributes(point, 7, attributes);
                });
            }
            sum.varint(2, CUMULATIVE);
            sum.bool(3, of.kind == Kind::Counter);
        });
    }

    fn histogram(&self, scope: &mut Message, name: &str, points: &[(Labels, Durations)]) {
        if points.is_empty() {
            return;
        }
        metric(scope, name, "s", HISTOGRAM, |histogram| {
            for (attributes, durations) in points {
                histogram.message(1, |point| {
                    self.times(point);
                    point.fixed64(4, durations.count());
                    point.double(5, durations.sum_seconds());
                    point.packed64(6, durations.buckets.into_iter());
                    let bounds = durations.buckets().map(|(bound, _)| bound);
                    let finite = bounds.filter(|bound| bound.is_finite());
                    point.packed64(7, finite.map(f64::to_bits));
                    write_attributes(point, 9, attributes);
                });
            }
            histogram.varint(2, CUMULATIVE);
        });
    }

    fn times(&self, point: &mut Message) {
        point.fixed64(2, self.start_ns);
        point.fixed64(3, self.now_ns);
    }
}

fn metric(
    scope: &mut Message,
    name: &str,
    unit: &str,
    kind: u32,
    write: impl FnOnce(&mut Message),
) {
    scope.message(2, |metric| {
        metric.text(1, name);
        metric.text(3, unit);
        metric.message(kind, write);
    });
}

fn write_attributes(
    point: &mut Message,
    field: u32,
    attributes: &[(&'static str, impl AsRef<str>)],
) {
    let mut to = KeyValues::new(point, field);
    attributes.iter().for_each(|(name, text)| to.text(name, text.as_ref()));
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of_data_point() {
        to.text("leak", &text);
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
