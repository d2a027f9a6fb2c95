//! From options and variables to a running watch.

use std::path::Path;
use std::sync::Arc;

use super::environment::Environment;
use super::readers::Readers;
use super::settings::Settings;
use super::{Active, Watch, WatchBuilder, lanes, tags};
use crate::capture::context::{self, RemoteParent};
use crate::capture::hash::{HashMode, InstallKey};
use crate::capture::intent::IntentLevel;
use crate::capture::plan::Lengths;
use crate::capture::repeat::LoopThresholds;
use crate::destination::Destination;
use crate::error::Error;
use crate::event::{Common, EventId};
use crate::metrics::Registry;
use crate::sender::Durability;
use crate::spool::default_directory_in;
use crate::wrap::MissingTool;

impl WatchBuilder {
    pub(super) fn build_in(mut self, env: &mut Environment<'_>) -> Result<Watch, Error> {
        if env.flag("TOOLWATCH_ENABLED") == Some(false) || env.flag("DO_NOT_TRACK") == Some(true) {
            return Ok(Watch::disabled());
        }
        self.check()?;
        self.merge(env);
        let local = self.local.unwrap_or(false);
        let destinations = self.resolve_destinations(env)?;
        let has_reader = self.has_reader(env)?;
        if destinations.is_empty() && !local && !has_reader {
            return Ok(Watch::disabled());
        }
        self.start(destinations, local, has_reader, env)
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
        if self.http_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return wrong("http_timeout must be longer than zero");
        }
        if let Some(fault) = self.loop_thresholds.and_then(LoopThresholds::fault) {
            return wrong(fault);
        }
        if self.local == Some(true) && self.durability == Some(Durability::Memory) {
            return wrong("a local record needs files: remove local() or choose Durability::Spool");
        }
        if self.begin_records == Some(true) && self.durability == Some(Durability::Memory) {
            return wrong(
                "begin records need files: remove begin_records() or choose Durability::Spool",
            );
        }
        self.hooks.check()?;
        tags::compile(&self.tags).map(drop)
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
        fill(&mut self.directory, || env.path("TOOLWATCH_DIR"));
        fill(&mut self.durability, || env.one_of("TOOLWATCH_DURABILITY", &durabilities));
        fill(&mut self.spool_max_bytes, || {
            env.count("TOOLWATCH_SPOOL_MAX_BYTES", 65_536, u64::MAX)
        });
        fill(&mut self.sample_rate, || env.rate("TOOLWATCH_SAMPLE_RATE"));
        fill(&mut self.max_batch_size, || {
            env.count("TOOLWATCH_MAX_BATCH_SIZE", 1, 1_000)
                .and_then(|size| usize::try_from(size).ok())
        });
        fill(&mut self.flush_interval, || env.millis("TOOLWATCH_FLUSH_INTERVAL_MS", 1, 3_600_000));
        fill(&mut self.http_timeout, || env.millis("TOOLWATCH_HTTP_TIMEOUT_MS", 1, 600_000));
        fill(&mut self.intent, || env.one_of("TOOLWATCH_INTENT", &intents));
        fill(&mut self.lengths, || env.one_of("TOOLWATCH_LENGTHS", &lengths));
        fill(&mut self.hash_mode, || env.one_of("TOOLWATCH_HASH", &hashes));
        let parents = [
            ("parent", RemoteParent::Parent),
            ("link", RemoteParent::Link),
            ("ignore", RemoteParent::Ignore),
        ];
        fill(&mut self.trust_remote_parent, || {
            env.one_of("TOOLWATCH_TRUST_REMOTE_PARENT", &parents)
        });
        fill(&mut self.debug, || env.flag("TOOLWATCH_DEBUG"));
        self.readers.merge(env);
        self.settle_local(env);
        self.settle_begin_records(env);
    }

    /// A variable may contradict an option: the option wins, and the operator is told.
    fn settle_local(&mut self, env: &mut Environment<'_>) {
        if self.local == Some(true) && self.durability == Some(Durability::Memory) {
            env.warn("a local record needs files; using durability spool");
            self.durability = Some(Durability::Spool);
        }
    }

    /// The same for begin records: an option wins over the variable that contradicts it, and of two
    /// variables the one that writes less.
    fn settle_begin_records(&mut self, env: &mut Environment<'_>) {
        let is_option = self.begin_records == Some(true);
        fill(&mut self.begin_records, || env.flag("TOOLWATCH_BEGIN_RECORDS"));
        if self.begin_records != Some(true) || self.durability != Some(Durability::Memory) {
            return;
        }
        if is_option {
            env.warn("begin records need files; using durability spool");
            self.durability = Some(Durability::Spool);
        } else {
            env.warn("TOOLWATCH_BEGIN_RECORDS needs files; there are no begin records");
            self.begin_records = Some(false);
        }
    }

    fn start(
        mut self,
        destinations: Vec<Box<dyn Destination>>,
        local: bool,
        has_reader: bool,
        env: &mut Environment<'_>,
    ) -> Result<Watch, Error> {
        let (server_name, server_version) = self
            .server
            .take()
            .or_else(|| env.text("TOOLWATCH_SERVER_NAME").map(|name| (name, String::new())))
            .unwrap_or_else(|| (program_name(), String::new()));
        let has_events = local || !destinations.is_empty();
        let directory = match self.durability.unwrap_or_default() {
            Durability::Spool if has_events => self
                .directory
                .take()
                .or_else(|| default_directory_in(&server_name, |name| env.path(name))),
            // Readers in the process need no file.
            _ => None,
        };
        let local = local && directory.is_some();
        if has_events && directory.is_none() && destinations.is_empty() {
            env.warn("there is no home directory for a local record; set TOOLWATCH_DIR");
            if !has_reader {
                return Ok(Watch::disabled());
            }
        }
        let key = install_key(directory.as_deref(), env);
        let missing_tool = self.missing_tool.as_deref().map(MissingTool::new).transpose()?;
        #[cfg(feature = "prometheus")]
        let outlets = std::mem::take(&mut self.prometheus).resolve(&server_name);
        let server_instance = EventId::fresh();
        let common = Common { server_name, server_version, server_instance };
        let on_error = self.on_error.get_or_insert_with(|| Arc::new(lanes::say)).clone();
        let lanes = self.lanes(destinations, directory, local, common.fragment())?;
        let settings = Settings {
            sample_rate: self.sample_rate.unwrap_or(1.0),
            lengths: self.lengths.unwrap_or_default(),
            hash_mode: self.hash_mode.unwrap_or_default(),
            loop_thresholds: self.loop_thresholds.unwrap_or_default(),
            intent: self.intent.unwrap_or(IntentLevel::Text),
            intent_filter: self.intent_filter,
            intent_scope: self.intent_scope.unwrap_or_default(),
            missing_tool,
            transport: self.transport.unwrap_or_else(context::transport_of_process),
            remote_parent: self.trust_remote_parent.unwrap_or_default(),
            hooks: self.hooks,
            tags: tags::compile(&self.tags)?,
            debug: self.debug.unwrap_or(false),
            begin_records: self.begin_records.unwrap_or(false) && !lanes.is_empty(),
        };
        let registry = Arc::new(Registry::new());
        let mut readers = Readers::start(&self.readers, &common.server_name);
        readers.exports = self.readers.otlp.start(&common, &registry, &lanes, on_error);
        let active = Active::start(settings, key, registry, readers, lanes);
        #[cfg(feature = "otel")]
        active.serve_numbers();
        #[cfg(feature = "prometheus")]
        active.open(outlets, env);
        Ok(Watch(Some(active)))
    }
}

/// Without a usable key file hashes cannot be compared with those of other runs.
fn install_key(directory: Option<&Path>, env: &mut Environment<'_>) -> InstallKey {
    let Some(directory) = directory else { return InstallKey::ephemeral() };
    InstallKey::load_or_create(directory).unwrap_or_else(|error| {
        let cause = error.kind();
        env.warn(format!(
            "the key file of the spool cannot be used ({cause}); hashes last for this run"
        ));
        InstallKey::ephemeral()
    })
}

fn fill<T>(option: &mut Option<T>, variable: impl FnOnce() -> Option<T>) {
    if option.is_none() {
        *option = variable();
    }
}

fn program_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "mcp-server".to_owned())
}
