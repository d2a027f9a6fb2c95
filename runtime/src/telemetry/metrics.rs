//! The registry's numbers under the names of the conventions, and ours where these have none.
//!
//! Attributes are the program's own names and closed vocabularies, whose number the registry bounds.

use std::borrow::Cow;

use crate::event::Outcome;
use crate::metrics::{Metrics, ToolMetrics};
use crate::semconv::otel;
use crate::spool::{DropReason, Stats, Tally};

/// A destination's name and its account.
pub(crate) type Account = (String, Stats);

/// One series: its attributes, and its number.
pub(crate) type Point<'a> = (Vec<(&'static str, &'a str)>, u64);

/// Whether a number can fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    UpDown,
}

/// One metric that is a number for each of its series.
pub(crate) struct Counter {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
    /// Its series by now.
    pub(crate) read: for<'a> fn(&'a Metrics, &'a [Account]) -> Vec<Point<'a>>,
}

macro_rules! counters {
    ($( $name:literal, $unit:literal, $kind:ident: $read:expr; )*) => {
        &[$( Counter { name: $name, unit: $unit, kind: Kind::$kind, read: $read } ),*]
    };
}

/// All metrics but the durations.
pub(crate) const COUNTERS: &[Counter] = counters! {
    "toolwatch.tool.calls", "{call}", Counter: |metrics, _| calls(metrics);
    "toolwatch.tool.arguments.checked", "{call}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.checked);
    "toolwatch.tool.arguments.invalid", "{call}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.invalid);
    "toolwatch.tool.arguments.unknown_keys", "{key}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.unknown_keys);
    "toolwatch.tool.arguments.missing_keys", "{key}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.missing_keys);
    "toolwatch.tool.repeats", "{call}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.repeats);
    "toolwatch.tool.loops", "{call}", Counter:
        |metrics, _| of_tools(metrics, |tool| tool.loops);
    "toolwatch.tool.in_flight", "{call}", UpDown:
        |metrics, _| of_tools(metrics, |tool| tool.in_flight);
    "toolwatch.resource.reads", "{read}", Counter:
        |metrics, _| vec![(Vec::new(), metrics.resource_reads)];
    "toolwatch.resource.rereads", "{read}", Counter:
        |metrics, _| vec![(Vec::new(), metrics.resource_rereads)];
    "toolwatch.events.captured", "{event}", Counter:
        |_, accounts| of_accounts(accounts, Tally::captured);
    "toolwatch.events.delivered", "{event}", Counter:
        |_, accounts| of_accounts(accounts, Tally::delivered);
    "toolwatch.events.dropped", "{event}", Counter: |_, accounts| dropped(accounts);
    "toolwatch.events.spooled", "{event}", UpDown:
        |_, accounts| of_accounts(accounts, Tally::spooled);
};

fn calls(metrics: &Metrics) -> Vec<Point<'_>> {
    let of_tool = |tool: &'_ ToolMetrics| {
        let name = tool.name.as_str();
        let point = move |(outcome, count): (Outcome, u64)| {
            (vec![(otel::TOOL_NAME, name), ("toolwatch.outcome", outcome.as_str())], count)
        };
        tool.by_outcome().map(point).collect::<Vec<_>>()
    };
    metrics.tools.iter().flat_map(of_tool).collect()
}

fn of_tools(metrics: &Metrics, read: fn(&ToolMetrics) -> u64) -> Vec<Point<'_>> {
    let point = |tool: &ToolMetrics| (vec![(otel::TOOL_NAME, tool.name.as_str())], read(tool));
    metrics.tools.iter().map(point).collect()
}

/// The two accounts of each destination.
fn accounts(of: &[Account]) -> impl Iterator<Item = (Vec<(&'static str, &str)>, &Tally)> {
    of.iter().flat_map(|(name, stats)| {
        let labels = |account| {
            vec![("toolwatch.destination", name.as_str()), ("toolwatch.account", account)]
        };
        [(labels("own"), stats.own()), (labels("adopted"), stats.adopted())]
    })
}

fn of_accounts(of: &[Account], read: fn(&Tally) -> u64) -> Vec<Point<'_>> {
    accounts(of).map(|(labels, tally)| (labels, read(tally))).collect()
}

fn dropped(of: &[Account]) -> Vec<Point<'_>> {
    let of_account = |(labels, tally): (Vec<(&'static str, _)>, &Tally)| {
        let reasons = DropReason::ALL.iter().map(|&reason| (reason, tally.dropped(reason)));
        let occurred = reasons.filter(|(_, count)| *count > 0);
        let point = |(reason, count): (DropReason, u64)| {
            let mut labels = labels.clone();
            labels.push(("toolwatch.reason", reason.as_str()));
            (labels, count)
        };
        occurred.map(point).collect::<Vec<_>>()
    };
    accounts(of).flat_map(of_account).collect()
}

/// What tells series of `mcp.server.operation.duration` apart. Outcomes that the conventions do not
/// tell apart are one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationKey {
    pub(crate) method: &'static str,
    /// The tool or the prompt.
    pub(crate) target: Option<&'static str>,
    pub(crate) error_type: Option<&'static str>,
    pub(crate) code: Option<i32>,
}

/// Tells the attributes of one of these series.
pub(crate) fn operation_attributes(
    key: OperationKey,
    mut put: impl FnMut(&'static str, Cow<'static, str>),
) {
    put(otel::METHOD_NAME, key.method.into());
    match (key.method, key.target) {
        ("tools/call", Some(tool)) => {
            put(otel::TOOL_NAME, tool.into());
            put(otel::OPERATION_NAME, otel::EXECUTE_TOOL.into());
        }
        (_, Some(prompt)) => put(otel::PROMPT_NAME, prompt.into()),
        (_, None) => {}
    }
    if let Some(error_type) = key.error_type {
        put(otel::ERROR_TYPE, error_type.into());
    }
    match key.code {
        // The registry counts every code that is nobody's as 0.
        Some(0) => put(otel::STATUS_CODE, "_OTHER".into()),
        Some(code) => put(otel::STATUS_CODE, code.to_string().into()),
        None => {}
    }
}
