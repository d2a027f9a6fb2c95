//! Delivery over OTLP, from its option or its variable to a destination and an exporter.

use std::sync::Arc;
use std::time::Duration;

use super::WatchBuilder;
use super::environment::Environment;
use crate::destination::Destination;
use crate::destination::otlp::{Exporter, MetricsPlan, Otlp, ServerRun, Signals, Sources};
use crate::error::Error;
use crate::event::Common;
use crate::metrics::Registry;
use crate::sender::{Lanes, OnError};

/// What is to be sent over OTLP.
#[derive(Default)]
pub(super) struct OtlpOptions {
    settings: Option<Otlp>,
    metrics: Option<MetricsPlan>,
}

impl OtlpOptions {
    /// Whether there are metrics to send, once this is resolved.
    pub(super) fn sends_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// Fills in variables. What is returned takes the events.
    pub(super) fn resolve(
        &mut self,
        env: &mut Environment<'_>,
    ) -> Result<Option<Box<dyn Destination>>, Error> {
        let by_variable = env.flag("TOOLWATCH_OTLP") == Some(true);
        let Some(otlp) = self.settings.take().or_else(|| by_variable.then(Otlp::new)) else {
            return Ok(None);
        };
        let (Signals { spans, metrics }, warnings) = otlp.resolve(&|name| env.text(name))?;
        warnings.into_iter().for_each(|warning| env.warn(warning));
        self.metrics = metrics;
        Ok(spans.map(|spans| -> Box<dyn Destination> { Box::new(spans) }))
    }

    /// Starts to send metrics.
    pub(super) fn start(
        &mut self,
        common: &Common,
        registry: &Arc<Registry>,
        lanes: &Lanes,
        report: OnError,
    ) -> Exports {
        let start = |plan| {
            let run = ServerRun {
                name: common.server_name.clone(),
                version: common.server_version.clone(),
                instance: common.server_instance.to_string(),
            };
            let (registry, accounts) = (Arc::clone(registry), lanes.accounts());
            Exporter::start(plan, Sources { run, registry, accounts, report })
        };
        Exports(self.metrics.take().map(start))
    }
}

/// The exports of metrics of one watch, when it has any.
pub(super) struct Exports(Option<Exporter>);

impl Exports {
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Asks for one now. What is returned can be waited for.
    pub(super) fn ask(&self) -> u64 {
        self.0.as_ref().map_or(0, Exporter::ask)
    }

    pub(super) fn wait(&self, asked: u64, timeout: Duration) {
        if let Some(exporter) = &self.0 {
            exporter.wait(asked, timeout);
        }
    }

    /// Asks for the last one.
    pub(super) fn end(&self) {
        if let Some(exporter) = &self.0 {
            exporter.end();
        }
    }

    /// The same for a process that ends.
    pub(super) fn leave(&self) {
        if let Some(exporter) = &self.0 {
            exporter.leave();
        }
    }

    pub(super) fn wait_end(&self, timeout: Duration) {
        if let Some(exporter) = &self.0 {
            exporter.wait_end(timeout);
        }
    }
}

impl WatchBuilder {
    /// Sends spans and metrics to an OpenTelemetry collector over OTLP, with these
    /// settings and else those of the `OTEL_*` variables. `TOOLWATCH_OTLP=1` does the same without
    /// code; the `OTEL_*` variables alone turn nothing on.
    ///
    /// Spans are a destination named `otlp`, with a spool of its own: those of a killed process
    /// arrive with the next one. They are made apart from any tracer provider of the application.
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(mut self, otlp: Otlp) -> Self {
        self.readers.otlp.settings = Some(otlp);
        self
    }
}
