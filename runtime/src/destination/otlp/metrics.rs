//! The registry's numbers as OTLP metrics, cumulative since the start of the watch.
//!
//! Attributes are the program's own names and closed vocabularies, whose number the registry bounds.

use std::collections::BTreeMap;

use super::attribute::Attributes;
use super::protobuf::Message;
use super::resource::{Resource, ServerRun, write_scope};
use crate::event::Name;
use crate::metrics::{Durations, Metrics, ToolMetrics};
use crate::semconv::otel;
use crate::spool::{DropReason, Stats, Tally};

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
    pub(super) accounts: &'a [(String, Stats)],
    /// Exports before this one that failed, and data points that a collector rejected.
    pub(super) lost: [u64; 2],
}

/// One series: its attributes, and its number.
type Point<'a> = (Vec<(&'static str, &'a str)>, i64);

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
        self.tools(scope);
        let reads = [
            ("toolwatch.resource.reads", self.metrics.resource_reads),
            ("toolwatch.resource.rereads", self.metrics.resource_rereads),
        ];
        for (name, count) in reads {
            self.counter(scope, name, "{read}", vec![(Vec::new(), signed(count))]);
        }
        self.losses(scope);
    }

    /// Outcomes that the conventions do not tell apart are one series.
    fn operations(&self, scope: &mut Message) {
        let mut series: BTreeMap<_, Durations> = BTreeMap::new();
        for of in &self.metrics.operations {
            let key = (of.method, of.target.map(Name::as_str), of.error_type(), of.code);
            series.entry(key).or_default().add(&of.durations);
        }
        let codes: Vec<_> = series.keys().map(|key| key.3.map(code_text)).collect();
        let points: Vec<_> = series
            .iter()
            .zip(&codes)
            .map(|(((method, target, error_type, _), durations), code)| {
                let mut attributes = vec![(otel::METHOD_NAME, *method)];
                match (*method, *target) {
                    ("tools/call", Some(tool)) => {
                        attributes.push((otel::TOOL_NAME, tool));
                        attributes.push((otel::OPERATION_NAME, otel::EXECUTE_TOOL));
                    }
                    (_, Some(prompt)) => attributes.push((otel::PROMPT_NAME, prompt)),
                    (_, None) => {}
                }
                attributes.extend(error_type.map(|error| (otel::ERROR_TYPE, error)));
                attributes.extend(code.as_deref().map(|code| (otel::STATUS_CODE, code)));
                (attributes, *durations)
            })
            .collect();
        self.histogram(scope, otel::OPERATION_DURATION, &points);
    }

    fn tools(&self, scope: &mut Message) {
        let calls = self.metrics.tools.iter().flat_map(|tool| {
            let name = tool.name.as_str();
            tool.by_outcome().map(move |(outcome, count)| {
                let outcome = ("toolwatch.outcome", outcome.as_str());
                (vec![(otel::TOOL_NAME, name), outcome], signed(count))
            })
        });
        self.counter(scope, "toolwatch.tool.calls", "{call}", calls.collect());
        type Read = fn(&ToolMetrics) -> u64;
        let counts: [(&str, &str, Read); 6] = [
            ("toolwatch.tool.arguments.checked", "{call}", |tool| tool.checked),
            ("toolwatch.tool.arguments.invalid", "{call}", |tool| tool.invalid),
            ("toolwatch.tool.arguments.unknown_keys", "{key}", |tool| tool.unknown_keys),
            ("toolwatch.tool.arguments.missing_keys", "{key}", |tool| tool.missing_keys),
            ("toolwatch.tool.repeats", "{call}", |tool| tool.repeats),
            ("toolwatch.tool.loops", "{call}", |tool| tool.loops),
        ];
        for (name, unit, read) in counts {
            self.counter(scope, name, unit, self.of_tools(read));
        }
        let in_flight = self.of_tools(|tool| tool.in_flight);
        self.sum(scope, "toolwatch.tool.in_flight", "{call}", false, in_flight);
    }

    fn of_tools(&self, read: fn(&ToolMetrics) -> u64) -> Vec<Point<'_>> {
        let tools = self.metrics.tools.iter();
        let point = |tool| signed(read(tool));
        tools.map(|tool| (vec![(otel::TOOL_NAME, tool.name.as_str())], point(tool))).collect()
    }

    /// What became of events, and of exports like this one.
    fn losses(&self, scope: &mut Message) {
        let accounts = || {
            self.accounts.iter().flat_map(|(name, stats)| {
                [(name.as_str(), "own", stats.own()), (name, "adopted", stats.adopted())]
            })
        };
        let per_account = |read: fn(&Tally) -> u64| {
            let point = move |(name, account, tally): (_, _, &Tally)| {
                (of_account(name, account), signed(read(tally)))
            };
            accounts().map(point).collect()
        };
        self.counter(scope, "toolwatch.events.captured", "{event}", per_account(Tally::captured));
        self.counter(scope, "toolwatch.events.delivered", "{event}", per_account(Tally::delivered));
        let dropped = accounts().flat_map(|(name, account, tally)| {
            let reasons = DropReason::ALL.iter().filter(|&&reason| tally.dropped(reason) > 0);
            reasons.map(move |&reason| {
                let mut attributes = of_account(name, account);
                attributes.push(("toolwatch.reason", reason.as_str()));
                (attributes, signed(tally.dropped(reason)))
            })
        });
        self.counter(scope, "toolwatch.events.dropped", "{event}", dropped.collect());
        let spooled = per_account(Tally::spooled);
        self.sum(scope, "toolwatch.events.spooled", "{event}", false, spooled);
        let [exports, points] = self.lost.map(|lost| vec![(Vec::new(), signed(lost))]);
        self.counter(scope, "toolwatch.otlp.metrics.exports.failed", "{export}", exports);
        self.counter(scope, "toolwatch.otlp.metrics.points.rejected", "{point}", points);
    }

    fn counter(&self, scope: &mut Message, name: &str, unit: &str, points: Vec<Point<'_>>) {
        self.sum(scope, name, unit, true, points);
    }

    fn sum(
        &self,
        scope: &mut Message,
        name: &str,
        unit: &str,
        only_rises: bool,
        points: Vec<Point<'_>>,
    ) {
        if points.is_empty() {
            return;
        }
        metric(scope, name, unit, SUM, |sum| {
            for (attributes, number) in &points {
                sum.message(1, |point| {
                    self.times(point);
                    point.fixed64(6, number.cast_unsigned());
                    write_attributes(point, 7, attributes);
                });
            }
            sum.varint(2, CUMULATIVE);
            sum.bool(3, only_rises);
        });
    }

    fn histogram(
        &self,
        scope: &mut Message,
        name: &str,
        points: &[(Vec<(&'static str, &str)>, Durations)],
    ) {
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

fn write_attributes(point: &mut Message, field: u32, attributes: &[(&'static str, &str)]) {
    let mut to = Attributes::new(point, field);
    attributes.iter().for_each(|(name, text)| to.text(name, text));
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of_data_point() {
        to.text("leak", &text);
    }
}

fn of_account<'a>(destination: &'a str, account: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![("toolwatch.destination", destination), ("toolwatch.account", account)]
}

/// The registry counts every code that is nobody's as 0.
fn code_text(code: i32) -> String {
    if code == 0 { "_OTHER".to_owned() } else { code.to_string() }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
