//! From the numbers of a watch to metric families.
//!
//! Labels hold names that the program registered, members of closed vocabularies, and names of
//! destinations: the registry bounds their number, so nothing here does.

use std::collections::BTreeMap;

use ::prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily};

use super::family::{self, Family};
use super::label;
use crate::event::Name;
use crate::metrics::{Durations, Metrics, OperationMetrics, ToolMetrics};
use crate::spool::{DropReason, Stats, Tally};
use crate::watch::Numbers;

/// The families that have samples, in the order of the table.
pub(super) fn collect(numbers: &Numbers, namespace: &str) -> Vec<MetricFamily> {
    let mut page = Page { namespace, families: Vec::new() };
    page.tools(&numbers.metrics.tools);
    page.operations(&numbers.metrics);
    page.destinations(&numbers.destinations);
    page.add(&family::CAPTURE_FAULTS, [count(numbers.capture_faults)]);
    page.add(&family::UPTIME, [level(numbers.metrics.uptime.as_secs_f64())]);
    let version = labels(&family::BUILD, &[env!("CARGO_PKG_VERSION")]);
    page.add(&family::BUILD, [labelled(version, level(1.0))]);
    page.families
}

/// A family, and where its numbers are.
type Reading<Of, As> = (Family, fn(&Of) -> As);

struct Page<'a> {
    namespace: &'a str,
    families: Vec<MetricFamily>,
}

impl Page<'_> {
    /// A family without a sample is left out, as the format wants it.
    fn add(&mut self, family: &Family, samples: impl IntoIterator<Item = Metric>) {
        let samples: Vec<Metric> = samples.into_iter().collect();
        if samples.is_empty() {
            return;
        }
        let mut entry = MetricFamily::default();
        entry.set_name(family.name(self.namespace));
        entry.set_help(family.help.to_owned());
        entry.set_field_type(family.kind);
        entry.set_metric(samples);
        self.families.push(entry);
    }

    fn tools(&mut self, tools: &[ToolMetrics]) {
        let names: Vec<String> = tools.iter().map(|tool| tool.name.as_str().to_owned()).collect();
        let tools = || names.iter().map(String::as_str).zip(tools);
        // An outcome that did not occur is there as zero, so that its first one is a change.
        self.add(
            &family::CALLS,
            tools().flat_map(|(name, tool)| {
                tool.every_outcome().map(move |(outcome, calls)| {
                    labelled(labels(&family::CALLS, &[name, outcome.as_str()]), count(calls))
                })
            }),
        );
        let durations = |(name, tool): (&str, &ToolMetrics)| {
            labelled(labels(&family::DURATION, &[name]), histogram(&tool.durations))
        };
        self.add(&family::DURATION, tools().map(durations));
        let in_flight = |(name, tool): (&str, &ToolMetrics)| {
            labelled(labels(&family::IN_FLIGHT, &[name]), level(tool.in_flight as f64))
        };
        self.add(&family::IN_FLIGHT, tools().map(in_flight));
        let counters: [Reading<ToolMetrics, u64>; 6] = [
            (family::CHECKED, |tool| tool.checked),
            (family::INVALID, |tool| tool.invalid),
            (family::UNKNOWN_KEYS, |tool| tool.unknown_keys),
            (family::MISSING_KEYS, |tool| tool.missing_keys),
            (family::REPEATS, |tool| tool.repeats),
            (family::LOOPS, |tool| tool.loops),
        ];
        for (family, read) in counters {
            let sample = |(name, tool)| labelled(labels(&family, &[name]), count(read(tool)));
            self.add(&family, tools().map(sample));
        }
    }

    fn operations(&mut self, metrics: &Metrics) {
        self.add(&family::READS, [count(metrics.resource_reads)]);
        self.add(&family::REREADS, [count(metrics.resource_rereads)]);
        let sample = |(kind, durations): (Kind, Durations)| {
            labelled(labels(&family::OPERATIONS, &kind.values()), histogram(&durations))
        };
        self.add(&family::OPERATIONS, by_kind(&metrics.operations).into_iter().map(sample));
        self.add(&family::SESSIONS, [histogram(&metrics.sessions)]);
    }

    fn destinations(&mut self, destinations: &[(String, Stats)]) {
        let named: Vec<(String, &Stats)> =
            destinations.iter().map(|(name, stats)| (label::value(name), stats)).collect();
        let accounts = || {
            named.iter().flat_map(|(name, stats)| {
                [(name.as_str(), "own", stats.own()), (name, "adopted", stats.adopted())]
            })
        };
        let tallies: [Reading<Tally, Metric>; 3] = [
            (family::CAPTURED, |tally| count(tally.captured())),
            (family::DELIVERED, |tally| count(tally.delivered())),
            (family::SPOOLED, |tally| level(tally.spooled() as f64)),
        ];
        for (family, read) in tallies {
            let sample =
                |(name, account, tally)| labelled(labels(&family, &[name, account]), read(tally));
            self.add(&family, accounts().map(sample));
        }
        let dropped = |(name, account, tally): (&str, &str, &Tally)| {
            DropReason::ALL
                .iter()
                .map(|&reason| {
                    let labels = labels(&family::DROPPED, &[name, account, reason.as_str()]);
                    labelled(labels, count(tally.dropped(reason)))
                })
                .collect::<Vec<_>>()
        };
        self.add(&family::DROPPED, accounts().flat_map(dropped));
        let refused = |(name, stats): &(String, &Stats)| {
            let sample = |(status, events): (&u16, &u64)| {
                let labels = labels(&family::REFUSED, &[name, &status.to_string()]);
                labelled(labels, count(*events))
            };
            stats.statuses().iter().map(sample).collect::<Vec<_>>()
        };
        self.add(&family::REFUSED, named.iter().flat_map(refused));
        let counters: [Reading<Stats, u64>; 7] = [
            (family::BATCHES, |stats| stats.batches),
            (family::RETRIES, |stats| stats.retries),
            (family::DISK_ERRORS, |stats| stats.disk_errors),
            (family::MEMORY_FALLBACKS, |stats| stats.memory_fallbacks),
            (family::BEGINS_MISSED, |stats| stats.begins_missed),
            (family::PANICS, |stats| stats.panics),
            (family::THREAD_FAILURES, |stats| stats.thread_failures),
        ];
        for (family, read) in counters {
            let sample = |(name, stats): &(String, &Stats)| {
                labelled(labels(&family, &[name]), count(read(stats)))
            };
            self.add(&family, named.iter().map(sample));
        }
    }
}

/// What the conventions tell operations apart by. Outcomes that they do not know are one kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    method: &'static str,
    target: Option<Name>,
    error_type: Option<&'static str>,
    code: Option<i32>,
}

impl Kind {
    fn of(operation: &OperationMetrics) -> Self {
        let OperationMetrics { method, target, code, .. } = *operation;
        Self { method, target, error_type: operation.error_type(), code }
    }

    fn values(&self) -> [String; 5] {
        let target = self.target.map(|name| name.as_str().to_owned()).unwrap_or_default();
        let (tool, prompt) = match self.method {
            "prompts/get" => (String::new(), target),
            _ => (target, String::new()),
        };
        let code = match self.code {
            None => String::new(),
            // Codes that a server has made up are one.
            Some(0) => "_OTHER".to_owned(),
            Some(code) => code.to_string(),
        };
        let error_type = self.error_type.unwrap_or_default().to_owned();
        [label::value(self.method), tool, prompt, error_type, code]
    }
}

fn by_kind(operations: &[OperationMetrics]) -> BTreeMap<Kind, Durations> {
    let mut kinds = BTreeMap::<Kind, Durations>::new();
    for operation in operations {
        kinds.entry(Kind::of(operation)).or_default().add(&operation.durations);
    }
    kinds
}

/// The labels of a family with these values. One without a value is left out, which means the same.
fn labels(family: &Family, values: &[impl AsRef<str>]) -> Vec<LabelPair> {
    let pairs = family.labels.iter().zip(values).filter(|(_, value)| !value.as_ref().is_empty());
    pairs.map(|(name, value)| pair(name, value.as_ref())).collect()
}

pub(super) fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

fn labelled(labels: Vec<LabelPair>, mut sample: Metric) -> Metric {
    sample.set_label(labels);
    sample
}

fn count(value: u64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(value as f64);
    let mut sample = Metric::default();
    sample.set_counter(counter);
    sample
}

fn level(value: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    Metric::from_gauge(gauge)
}

fn histogram(durations: &Durations) -> Metric {
    let bucket = |(bound, count): (f64, u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    };
    let mut histogram = Histogram::default();
    // The encoder adds the last bucket, which is the count, in the spelling of the format.
    let bounded = durations.buckets().filter(|(bound, _)| bound.is_finite());
    histogram.set_bucket(bounded.map(bucket).collect());
    histogram.set_sample_count(durations.count());
    histogram.set_sample_sum(durations.sum_seconds());
    let mut sample = Metric::default();
    sample.set_histogram(histogram);
    sample
}
