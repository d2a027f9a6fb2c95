//! The numbers at one moment, for whoever exports them.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::histogram::Durations;
use super::series::{OUTCOMES, ToolSeries};
use super::{Key, Registry};
use crate::event::{Name, Outcome};

/// The numbers of one watch since it was built: registered names and numbers, nothing else.
///
/// Calls are counted whether sampling keeps their events or not.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// # let home = tempfile::tempdir().unwrap();
/// # let directory = home.path().join("watch");
/// # let watch = toolwatch::Watch::builder().local().directory(&directory).build()?;
/// if let Some(metrics) = watch.metrics() {
///     for tool in &metrics.tools {
///         println!("{}: {} calls, {} failed", tool.name, tool.calls(), tool.errors());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// How long the watch has been there.
    pub uptime: Duration,
    /// One entry per tool that was called, in the order of their names; at most 1,001.
    pub tools: Vec<ToolMetrics>,
    /// One entry per method, target, outcome and error code that occurred; at most 16,024.
    pub operations: Vec<OperationMetrics>,
    /// How long sessions lasted; only of those that have ended.
    pub sessions: Durations,
    /// Reads of resources.
    pub resource_reads: u64,
    /// Reads of a resource that the same session had read before.
    pub resource_rereads: u64,
}

/// The numbers of one tool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ToolMetrics {
    /// The name as the author registered it; `_unknown` for names that no tool has.
    pub name: Name,
    pub(crate) outcomes: [u64; OUTCOMES.len()],
    /// Calls that are under way.
    pub in_flight: u64,
    /// How long calls took.
    pub durations: Durations,
    /// The durations in milliseconds that 50, 95 and 99 of 100 calls do not exceed, off by at most a
    /// 32nd; zeros without a call.
    pub percentiles_ms: [f64; 3],
    /// Calls whose arguments were checked against the schema.
    pub checked: u64,
    /// Those of them that did not fit it.
    pub invalid: u64,
    /// Keys that the schema does not declare.
    pub unknown_keys: u64,
    /// Required keys that were absent.
    pub missing_keys: u64,
    /// Calls with the arguments of the one before, in one session.
    pub repeats: u64,
    /// Calls in a loop.
    pub loops: u64,
}

/// How often and how long one kind of operation ended in one way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OperationMetrics {
    /// The JSON-RPC method, `_other` for those over the bound.
    pub method: &'static str,
    /// The tool or the prompt.
    pub target: Option<Name>,
    /// How they ended.
    pub outcome: Outcome,
    /// The JSON-RPC code of the error; 0 for one that is neither JSON-RPC's nor MCP's.
    pub code: Option<i32>,
    /// How long they took.
    pub durations: Durations,
}

impl ToolMetrics {
    /// How many calls have ended.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// How many of them failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.by_outcome().filter(|(outcome, _)| outcome.is_error()).map(|(_, count)| count).sum()
    }

    /// How many ended in each way that occurred.
    pub fn by_outcome(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        OUTCOMES.into_iter().zip(self.outcomes).filter(|(_, count)| *count > 0)
    }

    /// How many ended in each way, with those that did not occur.
    #[cfg(feature = "prometheus")]
    pub(crate) fn every_outcome(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        OUTCOMES.into_iter().zip(self.outcomes)
    }

    fn read(name: Name, series: &ToolSeries) -> Self {
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        Self {
            name,
            outcomes: std::array::from_fn(|at| load(&series.outcomes[at])),
            in_flight: u64::try_from(series.in_flight.load(Relaxed)).unwrap_or_default(),
            durations: series.all_durations(),
            percentiles_ms: series.fine.percentiles_ms([50, 95, 99]),
            checked: load(&series.checked),
            invalid: load(&series.invalid),
            unknown_keys: load(&series.unknown_keys),
            missing_keys: load(&series.missing_keys),
            repeats: load(&series.repeats),
            loops: load(&series.loops),
        }
    }
}

impl OperationMetrics {
    fn of_call(tool: Name, (outcome, durations): (Outcome, Durations)) -> Self {
        Self { method: "tools/call", target: Some(tool), outcome, code: None, durations }
    }

    /// `error.type` of the MCP conventions; `None` for what is no error of the
    /// server ([`Outcome::error_type`]).
    #[must_use]
    pub fn error_type(&self) -> Option<&'static str> {
        self.outcome.error_type(self.code)
    }
}

impl Registry {
    /// The numbers by now.
    pub(crate) fn snapshot(&self) -> Metrics {
        let of_tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        let calls = |(name, series): (&Name, &std::sync::Arc<ToolSeries>)| {
            series.by_outcome().map(|of| OperationMetrics::of_call(*name, of)).collect::<Vec<_>>()
        };
        let calls: Vec<_> = of_tools.iter().flat_map(calls).collect();
        let mut tools: Vec<_> =
            of_tools.iter().map(|(name, series)| ToolMetrics::read(*name, series)).collect();
        drop(of_tools);
        #[cfg(feature = "planted-leaks")]
        if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::Metrics) {
            tools.iter_mut().for_each(|tool| tool.name = Name::register(&text));
        }
        tools.sort_unstable_by_key(|tool| tool.name);
        let operations = self.operations.read().unwrap_or_else(PoisonError::into_inner);
        let read = |(key, series): (&Key, &std::sync::Arc<super::Series>)| OperationMetrics {
            method: key.method,
            target: key.target,
            outcome: key.outcome,
            code: key.code,
            durations: series.read(),
        };
        let mut operations: Vec<_> = operations.iter().map(read).chain(calls).collect();
        operations.sort_unstable_by_key(|of| (of.method, of.target, of.outcome.as_str(), of.code));
        Metrics {
            uptime: self.started.elapsed(),
            tools,
            operations,
            sessions: self.sessions.read(),
            resource_reads: self.resource_reads.load(Relaxed),
            resource_rereads: self.resource_rereads.load(Relaxed),
        }
    }
}
