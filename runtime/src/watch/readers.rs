//! Readers of events within the process, beside the way to the destinations.

use std::ops::Range;
use std::time::Duration;

use super::WatchBuilder;
use super::ending::Ending;
use super::environment::Environment;
use super::otlp::{Exports, OtlpOptions};
#[cfg(feature = "audit")]
use crate::audit::Audit;
#[cfg(feature = "audit")]
use crate::capture::scratch;
use crate::error::Error;
use crate::event::Event;
#[cfg(feature = "log")]
use crate::log::{Log, LogTarget};
use crate::otel;

/// What an author asked for.
#[derive(Default)]
pub(super) struct ReaderOptions {
    #[cfg(feature = "log")]
    pub(super) log: Option<LogTarget>,
    /// Whether wrapped servers advertise their numbers as a resource.
    pub(super) metrics_resource: Option<bool>,
    pub(super) otlp: OtlpOptions,
    #[cfg(feature = "otel")]
    pub(super) otel: Option<otel::Otel>,
    #[cfg(feature = "audit")]
    pub(super) audit: Option<Audit>,
}

impl ReaderOptions {
    /// Fills unset options from the variables.
    pub(super) fn merge(&mut self, env: &mut Environment<'_>) {
        #[cfg(feature = "log")]
        {
            let targets = [
                ("off", None),
                ("stderr", Some(LogTarget::Stderr)),
                ("tracing", Some(LogTarget::Tracing)),
            ];
            if self.log.is_none() {
                self.log = env.one_of("TOOLWATCH_LOG", &targets).flatten();
            }
        }
        #[cfg(not(feature = "log"))]
        if env.text("TOOLWATCH_LOG").is_some_and(|target| target != "off") {
            env.warn("TOOLWATCH_LOG needs the feature `log` of toolwatch; there is no log");
        }
        let by_variable = env.flag("TOOLWATCH_OTEL") == Some(true);
        #[cfg(feature = "otel")]
        if self.otel.is_none() {
            self.otel = by_variable.then(otel::Otel::new);
        }
        #[cfg(not(feature = "otel"))]
        if by_variable {
            env.warn(
                "TOOLWATCH_OTEL needs the feature `otel` of toolwatch; there are no spans by it",
            );
        }
        if self.metrics_resource.is_none() {
            self.metrics_resource = env.flag("TOOLWATCH_METRICS_RESOURCE");
        }
    }

    /// Whether the watch has work to do without any destination.
    pub(super) fn is_any(&self) -> bool {
        #[cfg(feature = "log")]
        if self.log.is_some() {
            return true;
        }
        #[cfg(feature = "otel")]
        if self.otel.is_some() {
            return true;
        }
        #[cfg(feature = "audit")]
        if self.audit.is_some() {
            return true;
        }
        self.metrics_resource == Some(true) || self.otlp.sends_metrics()
    }
}

/// The readers of one watch.
pub(super) struct Readers {
    #[cfg(feature = "log")]
    log: Option<Log>,
    #[cfg(feature = "audit")]
    audit: Option<Audit>,
    pub(super) has_metrics_resource: bool,
    pub(super) exports: Exports,
    /// The spans and metrics by the OpenTelemetry API.
    pub(super) otel: otel::Reader,
}

impl Readers {
    #[cfg_attr(not(feature = "otel"), expect(unused_variables, reason = "no scope has it then"))]
    pub(super) fn start(options: &ReaderOptions, server: &str) -> Self {
        #[cfg(feature = "otel")]
        let otel = options.otel.as_ref().map(|of| otel::Reader::start(of, server));
        #[cfg(feature = "otel")]
        let otel = otel.unwrap_or_default();
        #[cfg(not(feature = "otel"))]
        let otel = otel::Reader;
        Self {
            #[cfg(feature = "log")]
            log: options.log.map(Log::start),
            #[cfg(feature = "audit")]
            audit: options.audit.clone(),
            has_metrics_resource: options.metrics_resource == Some(true),
            exports: Exports::none(),
            otel,
        }
    }

    /// Hands them an event that is complete. `room` may hold it encoded, with the shape of its
    /// arguments where `written` says.
    #[cfg_attr(
        not(feature = "audit"),
        expect(unused_variables, clippy::ptr_arg, reason = "nobody reads or writes it then")
    )]
    pub(super) fn read(&self, event: &Event, written: Option<Range<usize>>, room: &mut Vec<u8>) {
        #[cfg(feature = "audit")]
        if let Some(audit) = &self.audit {
            audit.record(event, written, room);
        }
        #[cfg(feature = "log")]
        if let Some(log) = &self.log {
            log.write(event);
        }
    }

    /// Whether an operation may run, by a reader that has to know of it before.
    #[cfg(feature = "audit")]
    pub(super) fn admit(&self, event: &Event) -> bool {
        let admit = |audit: &Audit| scratch::with(|body| audit.admit(event, body)).is_ok();
        self.audit.as_ref().is_none_or(admit)
    }

    /// Whether an operation that nobody could be asked about must not run.
    #[cfg(feature = "audit")]
    pub(super) fn refuses(&self) -> bool {
        self.audit.as_ref().is_some_and(Audit::refuses)
    }

    /// Begins to end what has an end of its own.
    pub(super) fn begin_close(&self) {
        #[cfg(feature = "audit")]
        if let Some(audit) = &self.audit {
            audit.begin_close();
        }
    }

    /// Waits until it has ended, within this time.
    #[cfg_attr(not(feature = "audit"), expect(unused_variables, reason = "nothing has one then"))]
    pub(super) fn wait_closed(&self, timeout: Duration) {
        #[cfg(feature = "audit")]
        if let Some(audit) = &self.audit {
            audit.wait_closed(timeout);
        }
    }

    /// Lets go of what others may hold as well; it ends with its last holder. That end is waited for
    /// after the work that goes on meanwhile.
    #[cfg_attr(not(feature = "audit"), expect(unused_variables, reason = "there is none then"))]
    pub(super) fn release(&mut self, ending: Ending, meanwhile: impl FnOnce()) {
        #[cfg(feature = "audit")]
        let closing = self.audit.take().and_then(Audit::release);
        meanwhile();
        #[cfg(feature = "audit")]
        if let Some(closing) = closing {
            closing.wait(ending.left());
        }
    }

    /// How many lines of the log were left out.
    pub(super) fn log_dropped(&self) -> u64 {
        #[cfg(feature = "log")]
        let dropped = self.log.as_ref().map_or(0, Log::dropped);
        #[cfg(not(feature = "log"))]
        let dropped = 0;
        dropped
    }

    /// Waits for what is on its way, at most so long for a stream that takes nothing.
    #[cfg_attr(not(feature = "log"), expect(unused_variables, reason = "nothing is then"))]
    pub(super) fn flush(&self, limit: Duration) {
        #[cfg(feature = "log")]
        if let Some(log) = &self.log {
            log.flush(limit);
        }
    }
}

impl WatchBuilder {
    /// Records every operation in an audit log, whatever is sampled. Under
    /// [`Policy::Refuse`](crate::audit::Policy::Refuse) a tool call that the log cannot take does not
    /// run. The watch closes the log when it is shut down.
    ///
    /// ```
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// use toolwatch::audit::{Audit, keygen};
    ///
    /// # let home = tempfile::tempdir().unwrap();
    /// # let directory = home.path().join("log");
    /// # keygen(&directory)?;
    /// let watch = toolwatch::Watch::builder().audit(Audit::builder(directory).build()?).build()?;
    /// assert!(watch.is_enabled());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "audit")]
    pub fn audit(mut self, audit: Audit) -> Self {
        self.readers.audit = Some(audit);
        self
    }

    /// Writes one line per event to stderr or to `tracing`. Lines hold names, numbers, keyed hashes
    /// and closed vocabularies, no text of a caller's; sampling leaves none out.
    #[cfg(feature = "log")]
    pub fn log(mut self, target: LogTarget) -> Self {
        self.readers.log = Some(target);
        self
    }

    /// Whether wrapped servers advertise the resource `metrics://server`, by which a client can read
    /// the server's own numbers: the tools' names, how often, how long and how badly they ran, and
    /// nothing that a caller chose. A resource of the server's own with that URI wins.
    pub fn metrics_resource(mut self, is_advertised: bool) -> Self {
        self.readers.metrics_resource = Some(is_advertised);
        self
    }

    /// Keeps numbers for [`Watch::metrics`](super::Watch::metrics) and for exporters in the process,
    /// with or without a destination. A watch that has nothing else to do makes no file and no
    /// thread.
    ///
    /// ```
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// let watch = toolwatch::Watch::builder().metrics().build()?;
    /// assert!(watch.metrics().is_some_and(|metrics| metrics.tools.is_empty()));
    /// assert!(watch.directory().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// Whether anything in the process reads events or numbers, by options and variables.
    pub(super) fn has_reader(&mut self, env: &mut Environment<'_>) -> Result<bool, Error> {
        #[cfg(feature = "prometheus")]
        let has_outlet = self.prometheus.merge(env)?;
        #[cfg(not(feature = "prometheus"))]
        let has_outlet = without_prometheus(env);
        Ok(self.metrics || has_outlet || self.readers.is_any())
    }
}

/// A host that sets what the author has not built in is told.
#[cfg(not(feature = "prometheus"))]
fn without_prometheus(env: &mut Environment<'_>) -> bool {
    for name in ["TOOLWATCH_PROMETHEUS_LISTEN", "TOOLWATCH_PROMETHEUS_TEXTFILE"] {
        if env.text(name).is_some() {
            env.warn(format!("{name} needs the feature `prometheus` of toolwatch"));
        }
    }
    false
}
