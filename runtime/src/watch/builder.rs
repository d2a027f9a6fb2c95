//! Options of a watch. An option wins over its variable, a variable over the default.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::environment::{Environment, Lookup};
use super::settings::{IntentFilter, Settings};
use super::{Active, Watch};
use crate::capture::hash::{HashMode, InstallKey};
use crate::capture::intent::IntentLevel;
use crate::capture::plan::Lengths;
use crate::destination::{Destination, Quota};
use crate::error::Error;
use crate::event::{Common, Transport};
use crate::sender::{Durability, Pipeline, PipelineConfig};

/// Configures a [`Watch`].
///
/// | option | variable | default |
/// |---|---|---|
/// | [`server`](Self::server) | `TOOLWATCH_SERVER_NAME` | the program's file name |
/// | [`api_key`](Self::api_key) | `TOOLWATCH_API_KEY` | none |
/// | [`endpoint`](Self::endpoint) | `TOOLWATCH_ENDPOINT` | none |
/// | [`local`](Self::local) | `TOOLWATCH_LOCAL` | off |
/// | [`directory`](Self::directory) | `TOOLWATCH_DIR` | the platform's state directory, per server |
/// | [`durability`](Self::durability) | `TOOLWATCH_DURABILITY` | `spool` |
/// | [`spool_max_bytes`](Self::spool_max_bytes) | `TOOLWATCH_SPOOL_MAX_BYTES` | 64 MiB |
/// | [`sample_rate`](Self::sample_rate) | `TOOLWATCH_SAMPLE_RATE` | 1.0 |
/// | [`max_batch_size`](Self::max_batch_size) | `TOOLWATCH_MAX_BATCH_SIZE` | 50 events |
/// | [`flush_interval`](Self::flush_interval) | `TOOLWATCH_FLUSH_INTERVAL_MS` | 1 s |
/// | [`http_timeout`](Self::http_timeout) | `TOOLWATCH_HTTP_TIMEOUT_MS` | 10 s |
/// | [`intent`](Self::intent) | `TOOLWATCH_INTENT` | `text` |
/// | [`lengths`](Self::lengths) | `TOOLWATCH_LENGTHS` | `exact` |
/// | [`hash_mode`](Self::hash_mode) | `TOOLWATCH_HASH` | `keyed` |
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
    server: Option<(String, String)>,
    api_key: Option<String>,
    endpoint: Option<String>,
    destination: Option<Box<dyn Destination>>,
    local: Option<bool>,
    directory: Option<PathBuf>,
    durability: Option<Durability>,
    spool_max_bytes: Option<u64>,
    sample_rate: Option<f64>,
    max_batch_size: Option<usize>,
    flush_interval: Option<Duration>,
    http_timeout: Option<Duration>,
    intent: Option<IntentLevel>,
    intent_filter: Option<Arc<IntentFilter>>,
    lengths: Option<Lengths>,
    hash_mode: Option<HashMode>,
    transport: Option<Transport>,
    debug: Option<bool>,
    on_quota_warning: Option<Arc<dyn Fn(&Quota) + Send + Sync>>,
    on_error: Option<Arc<dyn Fn(&Error) + Send + Sync>>,
    environment: Option<Box<Lookup>>,
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
        /// Where the spool and the install key are kept. It is made with mode 0700.
        directory: PathBuf,
        /// Files or memory.
        durability: Durability,
        /// The most that the spool takes on disk, in bytes. At least 64 KiB.
        spool_max_bytes: u64,
        /// The share of sessions that are recorded, from 0 to 1. Errors are always recorded.
        sample_rate: f64,
        /// The most events of one batch: from 1 to 1,000.
        max_batch_size: usize,
        /// How long an event waits for others before its batch is sent.
        flush_interval: Duration,
        /// How long one request to the endpoint may take.
        http_timeout: Duration,
        /// How much of the agent's intent text is recorded.
        intent: IntentLevel,
        /// Exact lengths, or powers of two.
        lengths: Lengths,
        /// How arguments are hashed.
        hash_mode: HashMode,
        /// The transport of requests that do not tell theirs.
        transport: Transport,
        /// Whether every event, and the numbers at the end, are also written to stderr, one line each.
        /// Names, outcomes and durations only.
        debug: bool,
    }

    /// The name and version of the server, as events carry them.
    pub fn server(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.server = Some((name.into(), version.into()));
        self
    }

    /// The key of the ingest endpoint.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The base URL of the ingest endpoint: events go to `{endpoint}/v1/events`.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sends events to a destination of your own instead of an endpoint.
    pub fn destination(mut self, destination: impl Destination + 'static) -> Self {
        self.destination = Some(Box::new(destination));
        self
    }

    /// Keeps a local record, with or without a destination: the spool can be read back.
    pub fn local(mut self) -> Self {
        self.local = Some(true);
        self
    }

    /// Sees every intent text before it is recorded: returns the text to keep, or `None`.
    pub fn intent_filter(mut self, filter: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.intent_filter = Some(Arc::new(filter));
        self
    }

    /// Is told, on the sender's thread, when the state of the quota changes.
    pub fn on_quota_warning(mut self, callback: impl Fn(&Quota) + Send + Sync + 'static) -> Self {
        self.on_quota_warning = Some(Arc::new(callback));
        self
    }

    /// Is told of failures of the delivery path, once per episode. Without it they are written to
    /// stderr, one line each.
    pub fn on_error(mut self, callback: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Some(Arc::new(callback));
        self
    }

    /// Looks variables up somewhere else than in the process's environment.
    pub fn environment(mut self, lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.environment = Some(Box::new(lookup));
        self
    }

    /// Merges options, variables and defaults, and starts the watch.
    ///
    /// # Errors
    ///
    /// An option that cannot be met ([`Error::is_configuration`]): a rate outside 0 to 1, an
    /// endpoint that is no URL, an endpoint without a key, a local record in memory mode. Wrong
    /// values of variables are reported on stderr instead, and never stop the server.
    pub fn build(mut self) -> Result<Watch, Error> {
        let lookup = self.environment.take().unwrap_or_else(|| Box::new(|name: &str| std::env::var(name).ok()));
        let mut environment = Environment::new(&*lookup);
        let built = self.build_in(&mut environment);
        environment.report();
        built
    }

    fn build_in(mut self, env: &mut Environment<'_>) -> Result<Watch, Error> {
        if env.flag("TOOLWATCH_ENABLED") == Some(false) || env.flag("DO_NOT_TRACK") == Some(true) {
            return Ok(Watch::disabled());
        }
        self.check()?;
        self.merge(env);
        let local = self.local.unwrap_or(false);
        let destination = self.resolve_destination(env)?;
        if destination.is_none() && !local {
            return Ok(Watch::disabled());
        }
        self.start(destination, local, env)
    }

    /// Rejects options that contradict their bounds or each other.
    fn check(&self) -> Result<(), Error> {
        let wrong = |message: &'static str| Err(Error::configuration(message));
        if self.sample_rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return wrong("sample_rate must be a number from 0 to 1");
        }
        if self.max_batch_size.is_some_and(|size| !(1..=1_000).contains(&size)) {
            return wrong("max_batch_size must be from 1 to 1000");
        }
        if self.spool_max_bytes.is_some_and(|bytes| bytes < 65_536) {
            return wrong("spool_max_bytes must be at least 65536");
        }
        if self.flush_interval.is_some_and(|interval| interval.is_zero()) {
            return wrong("flush_interval must be longer than zero");
        }
        if self.local == Some(true) && self.durability == Some(Durability::Memory) {
            return wrong("a local record needs files: remove local() or choose Durability::Spool");
        }
        if self.destination.is_some() && self.endpoint.is_some() {
            return wrong("destination() and endpoint() exclude each other: choose one");
        }
        Ok(())
    }

    /// Fills unset options from the variables.
    fn merge(&mut self, env: &mut Environment<'_>) {
        let durabilities = [("spool", Durability::Spool), ("memory", Durability::Memory)];
        let intents = [
            ("off", IntentLevel::Off),
            ("len", IntentLevel::Len),
            ("hash", IntentLevel::Hash),
            ("text", IntentLevel::Text),
        ];
        let lengths = [("exact", Lengths::Exact), ("buckets", Lengths::Buckets)];
        let hashes = [("keyed", HashMode::Keyed), ("python-sha256", HashMode::PythonSha256)];
        fill(&mut self.local, || env.flag("TOOLWATCH_LOCAL"));
        fill(&mut self.directory, || env.text("TOOLWATCH_DIR").map(PathBuf::from));
        fill(&mut self.durability, || env.one_of("TOOLWATCH_DURABILITY", &durabilities));
        fill(&mut self.spool_max_bytes, || env.count("TOOLWATCH_SPOOL_MAX_BYTES", 65_536, u64::MAX));
        fill(&mut self.sample_rate, || env.rate("TOOLWATCH_SAMPLE_RATE"));
        fill(&mut self.max_batch_size, || {
            env.count("TOOLWATCH_MAX_BATCH_SIZE", 1, 1_000).and_then(|size| usize::try_from(size).ok())
        });
        fill(&mut self.flush_interval, || env.millis("TOOLWATCH_FLUSH_INTERVAL_MS", 1, 3_600_000));
        fill(&mut self.http_timeout, || env.millis("TOOLWATCH_HTTP_TIMEOUT_MS", 1, 600_000));
        fill(&mut self.intent, || env.one_of("TOOLWATCH_INTENT", &intents));
        fill(&mut self.lengths, || env.one_of("TOOLWATCH_LENGTHS", &lengths));
        fill(&mut self.hash_mode, || env.one_of("TOOLWATCH_HASH", &hashes));
        fill(&mut self.debug, || env.flag("TOOLWATCH_DEBUG"));
        self.settle_local(env);
    }

    /// A variable may contradict an option: the option wins, and the operator is told.
    fn settle_local(&mut self, env: &mut Environment<'_>) {
        if self.local == Some(true) && self.durability == Some(Durability::Memory) {
            env.warn("a local record needs files; using durability spool");
            self.durability = Some(Durability::Spool);
        }
    }

    fn resolve_destination(&mut self, env: &mut Environment<'_>) -> Result<Option<Box<dyn Destination>>, Error> {
        if let Some(destination) = self.destination.take() {
            return Ok(Some(destination));
        }
        let from_option = self.endpoint.is_some() || self.api_key.is_some();
        let endpoint = self.endpoint.take().or_else(|| env.text("TOOLWATCH_ENDPOINT"));
        let key = self.api_key.take().filter(|key| !key.is_empty()).or_else(|| env.text("TOOLWATCH_API_KEY"));
        let timeout = self.http_timeout.unwrap_or(Duration::from_secs(10));
        let problem = match (endpoint, key) {
            (None, None) => return Ok(None),
            (Some(endpoint), Some(key)) => match http_destination(&endpoint, &key, timeout) {
                Ok(destination) => return Ok(Some(destination)),
                Err(error) => error,
            },
            (Some(_), None) => Error::configuration("an endpoint needs a key: set api_key or TOOLWATCH_API_KEY"),
            (None, Some(_)) => Error::configuration("a key needs an endpoint: set endpoint or TOOLWATCH_ENDPOINT"),
        };
        if from_option {
            return Err(problem);
        }
        env.warn(format!("{problem}; sending nothing"));
        Ok(None)
    }

    fn start(
        self,
        destination: Option<Box<dyn Destination>>,
        local: bool,
        env: &mut Environment<'_>,
    ) -> Result<Watch, Error> {
        let (server_name, server_version) = self
            .server
            .or_else(|| env.text("TOOLWATCH_SERVER_NAME").map(|name| (name, String::new())))
            .unwrap_or_else(|| (program_name(), String::new()));
        let durability = self.durability.unwrap_or_default();
        let directory = match durability {
            Durability::Memory => None,
            Durability::Spool => self.directory.or_else(|| crate::local::default_directory(&server_name)),
        };
        let key = directory
            .as_deref()
            .and_then(|directory| InstallKey::load_or_create(directory).ok())
            .unwrap_or_else(InstallKey::ephemeral);
        let settings = Settings {
            sample_rate: self.sample_rate.unwrap_or(1.0),
            lengths: self.lengths.unwrap_or_default(),
            hash_mode: self.hash_mode.unwrap_or_default(),
            intent: self.intent.unwrap_or(IntentLevel::Text),
            intent_filter: self.intent_filter,
            transport: self.transport.unwrap_or_else(crate::capture::context::transport_of_process),
            debug: self.debug.unwrap_or(false),
        };
        let defaults = PipelineConfig::default();
        let pipeline = Pipeline::start(PipelineConfig {
            directory,
            durability,
            spool_max_bytes: self.spool_max_bytes.unwrap_or(defaults.spool_max_bytes),
            max_batch_size: self.max_batch_size.unwrap_or(defaults.max_batch_size),
            flush_interval: self.flush_interval.unwrap_or(defaults.flush_interval),
            destination,
            keep_delivered: local,
            common_fragment: Common { server_name, server_version }.fragment(),
            on_quota_warning: self.on_quota_warning,
            on_error: Some(self.on_error.unwrap_or_else(|| Arc::new(say))),
            ..defaults
        })?;
        Ok(Watch(Some(Active::start(settings, key, pipeline))))
    }
}

impl fmt::Debug for WatchBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchBuilder").field("local", &self.local).finish_non_exhaustive()
    }
}

fn fill<T>(option: &mut Option<T>, variable: impl FnOnce() -> Option<T>) {
    if option.is_none() {
        *option = variable();
    }
}

/// What an operator should know, in one line, when the author takes no notice of it.
fn say(error: &Error) {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}"));
    eprintln!("toolwatch: {error}{}", cause.unwrap_or_default());
}

fn program_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "mcp-server".to_owned())
}

#[cfg(feature = "http")]
fn http_destination(endpoint: &str, key: &str, timeout: Duration) -> Result<Box<dyn Destination>, Error> {
    let client = crate::destination::IngestClient::builder(endpoint, key).timeout(timeout).build()?;
    Ok(Box::new(crate::destination::HttpDestination::new(client)))
}

#[cfg(not(feature = "http"))]
fn http_destination(_: &str, _: &str, _: Duration) -> Result<Box<dyn Destination>, Error> {
    Err(Error::configuration("an endpoint needs the feature `http` of toolwatch"))
}
