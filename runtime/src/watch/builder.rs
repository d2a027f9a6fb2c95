//! Options of a watch. An option wins over its variable, a variable over the default.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::environment::{Environment, Lookup};
use super::hooks::Hooks;
use super::readers::ReaderOptions;
use super::settings::IntentFilter;
use super::{IntentScope, Watch};
use crate::capture::context::RemoteParent;
use crate::capture::hash::HashMode;
use crate::capture::intent::IntentLevel;
use crate::capture::plan::Lengths;
use crate::capture::repeat::LoopThresholds;
use crate::destination::{Destination, IngestFormat, Quota};
use crate::error::Error;
use crate::event::Transport;
use crate::sender::{Durability, OnError, OnQuota};

/// Configures a [`Watch`].
///
/// | option | variable | default |
/// |---|---|---|
/// | [`server`](Self::server) | `TOOLWATCH_SERVER_NAME` | the program's file name |
/// | [`api_key`](Self::api_key) | `TOOLWATCH_API_KEY` | none |
/// | [`endpoint`](Self::endpoint) | `TOOLWATCH_ENDPOINT` | none |
/// | [`ingest_format`](Self::ingest_format) | `TOOLWATCH_INGEST_FORMAT` | `toolwatch` |
/// | `destination(AgentCat)` (feature `agentcat`) | `TOOLWATCH_AGENTCAT`, `AGENTCAT_*` | off |
/// | [`local`](Self::local) | `TOOLWATCH_LOCAL` | off |
/// | [`directory`](Self::directory) | `TOOLWATCH_DIR` | the platform's state directory, per server |
/// | [`durability`](Self::durability) | `TOOLWATCH_DURABILITY` | `spool` |
/// | [`spool_max_bytes`](Self::spool_max_bytes) | `TOOLWATCH_SPOOL_MAX_BYTES` | 64 MiB |
/// | [`memory_max_bytes`](Self::memory_max_bytes) | | 8 MiB |
/// | [`sample_rate`](Self::sample_rate) | `TOOLWATCH_SAMPLE_RATE` | 1.0 |
/// | [`max_batch_size`](Self::max_batch_size) | `TOOLWATCH_MAX_BATCH_SIZE` | 50 events |
/// | [`flush_interval`](Self::flush_interval) | `TOOLWATCH_FLUSH_INTERVAL_MS` | 1 s |
/// | [`http_timeout`](Self::http_timeout) | `TOOLWATCH_HTTP_TIMEOUT_MS` | 10 s |
/// | [`intent`](Self::intent) | `TOOLWATCH_INTENT` | `text` |
/// | [`intent_scope`](Self::intent_scope) | | tools with the attribute |
/// | [`missing_tool_report`](Self::missing_tool_report) | | none |
/// | [`lengths`](Self::lengths) | `TOOLWATCH_LENGTHS` | `exact` |
/// | [`hash_mode`](Self::hash_mode) | `TOOLWATCH_HASH` | `keyed` |
/// | [`loop_thresholds`](Self::loop_thresholds) | | 3 calls, 3 errors, 6 calls in turn |
/// | [`trust_remote_parent`](Self::trust_remote_parent) | `TOOLWATCH_TRUST_REMOTE_PARENT` | `parent` |
/// | [`session_resolver`](Self::session_resolver) | | none |
/// | [`session_gap`](Self::session_gap) | | 30 minutes |
/// | [`identify`](Self::identify) | | none |
/// | [`identity_level`](Self::identity_level) | | `Hash` |
/// | [`identify_timeout`](Self::identify_timeout) | | 100 ms |
/// | [`skip_tools`](Self::skip_tools) | | none |
/// | [`skip_methods`](Self::skip_methods) | | none |
/// | [`skip_if`](Self::skip_if) | | none |
/// | [`lower`](Self::lower) | | none |
/// | [`tag`](Self::tag) | | none |
/// | [`begin_records`](Self::begin_records) | `TOOLWATCH_BEGIN_RECORDS` | off |
/// | [`log`](Self::log) (feature `log`) | `TOOLWATCH_LOG` | off |
/// | [`otlp`](Self::otlp) (feature `otlp`) | `TOOLWATCH_OTLP`, `OTEL_*` | off |
/// | [`otel`](Self::otel) (feature `otel`) | `TOOLWATCH_OTEL` | off |
/// | [`metrics_resource`](Self::metrics_resource) | `TOOLWATCH_METRICS_RESOURCE` | off |
/// | [`metrics`](Self::metrics) | | off |
/// | `prometheus_listen` | `TOOLWATCH_PROMETHEUS_LISTEN` | none |
/// | `prometheus_listen_any` | `TOOLWATCH_PROMETHEUS_LISTEN_ANY` | loopback alone |
/// | `prometheus_textfile` | `TOOLWATCH_PROMETHEUS_TEXTFILE` | none |
/// | `prometheus_namespace` | `TOOLWATCH_PROMETHEUS_NAMESPACE` | `mcp` |
/// | [`debug`](Self::debug) | `TOOLWATCH_DEBUG` | off |
///
/// `TOOLWATCH_ENABLED=false` and `DO_NOT_TRACK=1` turn everything off, whatever the options say.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// let watch = toolwatch::Watch::builder()
///     .server("docs", env!("CARGO_PKG_VERSION"))
///     .durability(toolwatch::Durability::Memory)
///     .sample_rate(0.5)
///     .build()?;
/// assert!(!watch.is_enabled(), "there is no destination and no local record");
/// # Ok(())
/// # }
/// ```
#[must_use]
#[derive(Default)]
pub struct WatchBuilder {
    pub(super) server: Option<(String, String)>,
    pub(super) api_key: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) ingest_format: Option<IngestFormat>,
    pub(super) destinations: Vec<Box<dyn Destination>>,
    pub(super) local: Option<bool>,
    pub(super) directory: Option<PathBuf>,
    pub(super) durability: Option<Durability>,
    pub(super) spool_max_bytes: Option<u64>,
    pub(super) memory_max_bytes: Option<usize>,
    pub(super) sample_rate: Option<f64>,
    pub(super) max_batch_size: Option<usize>,
    pub(super) flush_interval: Option<Duration>,
    pub(super) http_timeout: Option<Duration>,
    pub(super) intent: Option<IntentLevel>,
    pub(super) intent_filter: Option<Arc<IntentFilter>>,
    pub(super) intent_scope: Option<IntentScope>,
    pub(super) missing_tool: Option<String>,
    pub(super) lengths: Option<Lengths>,
    pub(super) hash_mode: Option<HashMode>,
    pub(super) loop_thresholds: Option<LoopThresholds>,
    pub(super) transport: Option<Transport>,
    pub(super) trust_remote_parent: Option<RemoteParent>,
    pub(super) hooks: Hooks,
    pub(super) readers: ReaderOptions,
    pub(super) tags: Vec<(String, String)>,
    pub(super) debug: Option<bool>,
    pub(super) begin_records: Option<bool>,
    pub(super) on_quota_warning: Option<OnQuota>,
    pub(super) on_error: Option<OnError>,
    pub(super) metrics: bool,
    #[cfg(feature = "prometheus")]
    pub(super) prometheus: super::outlets::Options,
    pub(super) environment: Option<Box<Lookup>>,
}

macro_rules! options {
    ($( $(#[$attr:meta])* $name:ident: $ty:ty, )*) => {$(
        $(#[$attr])*
        pub fn $name(mut self, $name: $ty) -> Self {
            self.$name = Some($name);
            self
        }
    )*};
}

impl WatchBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    options! {
        /// The form in which events go to the endpoint.
        ingest_format: IngestFormat,
        /// Files or memory.
        durability: Durability,
        /// The most that the spool takes on disk, in bytes. At least 64 KiB.
        spool_max_bytes: u64,
        /// The most bytes of events that wait in memory: in memory mode, and while the disk fails.
        memory_max_bytes: usize,
        /// The share of sessions that are recorded, from 0 to 1. Errors are always recorded.
        sample_rate: f64,
        /// The most events of one batch: from 1 to 1,000.
        max_batch_size: usize,
        /// How long an event waits for others before its batch is sent.
        flush_interval: Duration,
        /// How long one request to the endpoint may take. A destination of your own has its own.
        http_timeout: Duration,
        /// How much of the agent's intent text is recorded.
        intent: IntentLevel,
        /// Which tools of a wrapped server ask for the agent's intent.
        intent_scope: IntentScope,
        /// Exact lengths, or powers of two.
        lengths: Lengths,
        /// How arguments are hashed.
        hash_mode: HashMode,
        /// From how many calls of a session on repeats, equal errors and alternations are a loop.
        loop_thresholds: LoopThresholds,
        /// The transport of requests that do not tell theirs.
        transport: Transport,
        /// What becomes of the trace context that a request brings along.
        trust_remote_parent: RemoteParent,
        /// Whether a call is noted in the spool when it begins, so that the next start reports it
        /// as `interrupted` should the process die meanwhile. It costs one more encoding and write
        /// before the handler and one more write after it. Needs [`Durability::Spool`]. At most
        /// 256 calls under way have such a record, of at most 4,080 bytes;
        /// [`Stats::begins_missed`](crate::Stats::begins_missed) counts the others.
        begin_records: bool,
        /// Whether every event, and the numbers at the end, are also written to stderr, one line each.
        /// Names, outcomes and durations only.
        debug: bool,
    }

    /// Where the spool and the install key are kept. It is made with mode 0700; one that others
    /// can write to is refused. An empty path counts as unset.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into()).filter(|path| !path.as_os_str().is_empty());
        self
    }

    /// The name and version of the server, as events carry them. An empty name counts as unset.
    pub fn server(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.server = Some((name.into(), version.into())).filter(|(name, _)| !name.is_empty());
        self
    }

    /// The key of the ingest endpoint. An empty one counts as unset.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into()).filter(|key| !key.is_empty());
        self
    }

    /// The base URL of the ingest endpoint: events go to `{endpoint}/v1/events`. An
    /// empty one counts as unset.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into()).filter(|url| !url.is_empty());
        self
    }

    /// Sends events to one more destination, beside the endpoint and those before. Each has a spool,
    /// an account ([`Watch::destinations`]) and a thread of its own, so an event is written once per
    /// destination, and the bounds of spool and memory hold for each. The first one's spool is the
    /// watch's directory, the others' are folders in it, called like the destination: all names have
    /// to differ, with 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`, and no folder is called
    /// `key` or `quarantine`. What waits for a name is delivered to it alone, whatever the order and
    /// number of destinations is at the next start.
    pub fn destination(mut self, destination: impl Destination + 'static) -> Self {
        self.destinations.push(Box::new(destination));
        self
    }

    /// Keeps a local record, with or without a destination: the spool can be read back.
    pub fn local(mut self) -> Self {
        self.local = Some(true);
        self
    }

    /// Sees every intent text before it is recorded: returns the text to keep, or `None`. It runs
    /// in the call, so it has to be quick and must not wait; when it panics, the intent is dropped
    /// and counted.
    pub fn intent_filter(
        mut self,
        filter: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.intent_filter = Some(Arc::new(filter));
        self
    }

    /// Advertises one more tool on a wrapped server, by which a model can say that no tool fits its
    /// task. Its calls are events of type `missing_tool`, with the model's words as the intent. The
    /// name has 1 to 32 letters, digits and `_ . -`; a tool of the server's own with that name wins.
    pub fn missing_tool_report(mut self, name: impl Into<String>) -> Self {
        self.missing_tool = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// Is told, on the sender's thread, when the quota's status changes to one that is not `ok`.
    pub fn on_quota_warning(mut self, callback: impl Fn(&Quota) + Send + Sync + 'static) -> Self {
        self.on_quota_warning = Some(Arc::new(callback));
        self
    }

    /// Is told of failures of the delivery path, once per episode. Without it they are written to
    /// stderr, one line each. It is also told, once per tool, which tool cannot ask for the intent.
    /// It runs on the thread that met the failure, which may be in a call, so it must not wait.
    /// Its panic is counted and goes no further, but with `panic = "abort"` it ends the process, as
    /// one of every other callback does.
    pub fn on_error(mut self, callback: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(callback));
        self
    }

    /// Looks variables up somewhere else than in the process's environment. A variable at which it
    /// panics counts as unset, and the operator is told.
    pub fn environment(
        mut self,
        lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Some(Box::new(lookup));
        self
    }

    /// Merges options, variables and defaults, and starts the watch. A program that forks, such as
    /// a daemon, builds it after the fork: the thread that sends is not copied.
    ///
    /// # Errors
    ///
    /// An option that cannot be met ([`Error::is_configuration`]): a rate outside 0 to 1, an
    /// endpoint that is no URL, an endpoint without a key, two destinations of one name, a local record or begin records in memory
    /// mode, a loop threshold that every call passes, a missing-tool report with a name that is none, a
    /// tag that is not valid.
    /// Wrong values of variables are reported on stderr instead, and never stop the server.
    pub fn build(mut self) -> Result<Watch, Error> {
        let lookup = self.environment.take();
        let mut environment = lookup.as_deref().map_or_else(Environment::process, Environment::new);
        let built = self.build_in(&mut environment);
        environment.report();
        built
    }
}

impl fmt::Debug for WatchBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchBuilder").field("local", &self.local).finish_non_exhaustive()
    }
}
