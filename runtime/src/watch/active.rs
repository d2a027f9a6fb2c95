//! A watch that is on, as the call path sees it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::Extensions;

use super::IntentScope;
use super::ending::Ending;
#[cfg(feature = "prometheus")]
use super::outlets::Outlets;
use super::readers::Readers;
use super::settings::Settings;
use super::{Watch, install};
use crate::capture::context;
use crate::capture::hash::{Hasher, InstallKey};
use crate::capture::intent;
use crate::capture::plan::Lengths;
use crate::capture::repeat::{Reads, Tracker};
use crate::error::Error;
use crate::event::{Caller, Event, IntentRecord};
use crate::metrics::{Flight, Registry};
use crate::sender::Lanes;
use crate::stderr;
use crate::wrap::{MissingTool, Surface};

/// Whether a watch was ever on in this process. Tools ask before they change what they advertise.
static ANY_ENABLED: AtomicBool = AtomicBool::new(false);

pub(crate) fn any_enabled() -> bool {
    ANY_ENABLED.load(Ordering::Acquire)
}

/// A watch that is on. Cheap to clone: every call in flight holds one.
#[derive(Clone)]
pub(crate) struct Active(pub(super) Arc<Inner>);

pub(super) struct Inner {
    id: u64,
    settings: Settings,
    key: InstallKey,
    /// For what tools share. Made once: a hasher starts with the work of two blocks.
    install: Hasher,
    tracker: Tracker,
    pub(super) registry: Arc<Registry>,
    pub(super) lanes: Lanes,
    #[cfg(feature = "prometheus")]
    pub(super) outlets: std::sync::OnceLock<Outlets>,
    /// Behind the lanes: while those are waited for, the last export is on its way.
    readers: Readers,
    /// What the servers under this watch advertise, by their type.
    surfaces: Mutex<HashMap<TypeId, Arc<Surface>>>,
    /// Whether the operator knows that something of the author's is not recorded.
    has_left_out: AtomicBool,
}

/// Who drops the last handle of a watch without shutting it down still leaves its last numbers, and
/// waits no longer than the drop of the installed one does.
impl Drop for Inner {
    fn drop(&mut self) {
        let ending = Ending::of_drop();
        self.readers.exports.leave();
        #[cfg(feature = "prometheus")]
        self.close_outlets();
        let lanes = &self.lanes;
        self.readers.release(ending, || _ = lanes.leave());
        self.readers.flush(ending.left_for_log());
    }
}

impl Active {
    pub(super) fn start(
        settings: Settings,
        key: InstallKey,
        registry: Arc<Registry>,
        readers: Readers,
        lanes: Lanes,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ANY_ENABLED.store(true, Ordering::Release);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let install = Hasher::for_install(&key);
        let tracker = Tracker::new(settings.loop_thresholds);
        Self(Arc::new(Inner {
            id,
            settings,
            key,
            install,
            tracker,
            registry,
            lanes,
            #[cfg(feature = "prometheus")]
            outlets: Default::default(),
            readers,
            surfaces: Mutex::default(),
            has_left_out: AtomicBool::new(false),
        }))
    }

    /// The watch of a request: one that a wrapper has put into it, else the installed one.
    pub(crate) fn of_request(extensions: &Extensions) -> Option<Self> {
        if let Some(watch) = extensions.get::<Watch>() {
            return watch.0.clone();
        }
        match install::installed() {
            Some(watch) => watch.0.clone(),
            None => {
                warn_if_forgotten();
                None
            }
        }
    }

    /// The installed watch, when it is on.
    pub(crate) fn installed() -> Option<Self> {
        install::installed()?.0.clone()
    }

    /// What servers of this type advertise, shared by all their instances.
    pub(crate) fn surface(&self, server: TypeId) -> Arc<Surface> {
        let mut surfaces = self.0.surfaces.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(surfaces.entry(server).or_default())
    }

    /// What all wrapped servers under this watch advertise.
    pub(crate) fn surfaces(&self) -> Vec<Arc<Surface>> {
        let surfaces = self.0.surfaces.lock().unwrap_or_else(PoisonError::into_inner);
        surfaces.values().cloned().collect()
    }

    /// Which tools of a wrapped server ask for the intent.
    pub(crate) fn intent_scope(&self) -> &IntentScope {
        &self.0.settings.intent_scope
    }

    /// The missing-tool report, when the author asks for it.
    pub(crate) fn missing_tool(&self) -> Option<&MissingTool> {
        self.0.settings.missing_tool.as_ref()
    }

    /// Tells the operator of something that no call has to know.
    pub(crate) fn report(&self, error: &Error) {
        self.0.lanes.report(error);
    }

    pub(super) fn has_left_out(&self) -> &AtomicBool {
        &self.0.has_left_out
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// Whether wrapped servers advertise their numbers.
    pub(crate) fn has_metrics_resource(&self) -> bool {
        self.0.readers.has_metrics_resource
    }

    /// What became of the events, as names and numbers.
    pub(crate) fn event_counts(&self) -> [(&'static str, u64); 4] {
        let own = *self.0.lanes.stats().own();
        [
            ("captured", own.captured()),
            ("delivered", own.delivered()),
            ("spooled", own.spooled()),
            ("dropped", own.dropped_total()),
        ]
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Tells the readers in the process that an operation starts. What is returned has to live until
    /// it ends.
    pub(crate) fn start_flight(&self, event: &Event) -> Option<Flight> {
        self.0.registry.start(event)
    }

    /// Tells the watches of one process apart.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    pub(crate) fn hasher(&self, tool: &str) -> Hasher {
        Hasher::new(&self.0.key, tool, self.0.settings.hash_mode)
    }

    /// A hash of bytes for a purpose that tools share.
    pub(crate) fn install_hash(&self, purpose: &str, bytes: &[u8]) -> u64 {
        self.0.install.bytes(purpose, bytes)
    }

    pub(crate) fn lengths(&self) -> Lengths {
        self.0.settings.lengths
    }

    /// Compares a tool call that starts with those before it in its session. Its name, caller and
    /// arguments have to be known.
    pub(crate) fn observe_start(&self, event: &mut Event) {
        self.0.tracker.observe_start(event);
    }

    /// Compares the failure of a tool call that has ended, and says whether it is in a loop.
    pub(crate) fn observe_end(&self, event: &mut Event) {
        self.0.tracker.observe_end(event);
    }

    /// Notes that this caller reads the resource whose URI has this hash. `None` for a caller
    /// without a session.
    pub(crate) fn observe_read(&self, caller: &Caller, uri_hash: u64) -> Option<Reads> {
        self.0.tracker.observe_read(context::repeat_scope(caller), uri_hash)
    }

    /// The hasher of what tools share.
    pub(super) fn install_hasher(&self) -> &Hasher {
        &self.0.install
    }

    pub(crate) fn record_intent(&self, text: &str, max_chars: usize) -> Option<IntentRecord> {
        let settings = &self.0.settings;
        let filter = settings.intent_filter.as_deref();
        intent::record(text, max_chars, settings.intent, &self.0.install, filter)
    }
}

/// A watch was built, a watched tool was called, and the one does not know the other: without this
/// line the only sign of a forgotten `install` would be that nothing is ever recorded.
fn warn_if_forgotten() {
    static HAS_WARNED: AtomicBool = AtomicBool::new(false);
    if any_enabled() && !HAS_WARNED.swap(true, Ordering::Relaxed) {
        let message =
            "a watched tool is not recorded: install() the watch and keep what it returns";
        tracing::warn!("{message}");
        stderr::say(format_args!("{message}"));
    }
}
