//! A watch that is on, as the call path sees it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::Extensions;

use super::IntentScope;
#[cfg(feature = "prometheus")]
use super::outlets::Outlets;
use super::settings::Settings;
use super::{Begun, Watch, install, operator};
use crate::capture::context;
use crate::capture::hash::{Hasher, InstallKey};
use crate::capture::intent;
use crate::capture::losses::{self, Loss};
use crate::capture::plan::Lengths;
use crate::capture::repeat::{Reads, Tracker};
use crate::capture::scratch;
use crate::error::Error;
use crate::event::{self, Caller, ErrorKind, Event, Failure, IntentRecord, Outcome};
use crate::metrics::{Flight, Registry};
use crate::sender::Lanes;
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
    pub(super) registry: Registry,
    pub(super) lanes: Lanes,
    #[cfg(feature = "prometheus")]
    pub(super) outlets: std::sync::OnceLock<Outlets>,
    /// What the servers under this watch advertise, by their type.
    surfaces: Mutex<HashMap<TypeId, Arc<Surface>>>,
    /// Whether the operator knows that something of the author's is not recorded.
    has_left_out: AtomicBool,
}

impl Active {
    pub(super) fn start(settings: Settings, key: InstallKey, lanes: Lanes) -> Self {
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
            registry: Registry::new(),
            lanes,
            #[cfg(feature = "prometheus")]
            outlets: Default::default(),
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

    pub(super) fn registry(&self) -> &Registry {
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

    /// Notes that an operation is under way, when begin records are on: should the process die
    /// before [`Active::end`], the next one reports it with what is known by now. Sampling leaves
    /// none out, because an operation that is cut off is an error.
    pub(crate) fn begin(&self, event: &mut Event) -> Option<Begun> {
        if !self.0.settings.begin_records {
            return None;
        }
        let outcome = std::mem::replace(&mut event.outcome, Outcome::Interrupted);
        let interrupted = Failure::of_kind(ErrorKind::Interrupted);
        let failure = event.failure.replace(interrupted.or_by_protocol(Outcome::Interrupted));
        let write = |buffer: &mut Vec<u8>| {
            event::encode(event, self.tags(), buffer);
            #[cfg(feature = "planted-leaks")]
            crate::testing::leak::alter(buffer, self.0.lanes.directory().as_deref());
            self.0.lanes.begin(buffer)
        };
        let begun = losses::guarded(Loss::Event, || scratch::with(write)).flatten();
        (event.outcome, event.failure) = (outcome, failure);
        begun
    }

    /// Notes that an operation has ended. Its event has to be recorded before: a kill in between
    /// is told by the event's id, one without an event is not.
    pub(crate) fn end(&self, begun: Begun) {
        self.0.lanes.end(begun);
    }

    /// Hands an event to the delivery path. Never fails and never blocks on the network.
    pub(crate) fn record(&self, mut event: Box<Event>, flight: Option<&Flight>) {
        if self.0.settings.debug {
            say(&event);
        }
        scratch::with(|buffer| self.append(&mut event, buffer));
        self.0.registry.record(&event, flight);
        event::recycle(event);
    }

    /// Hands an event to each destination that keeps it. It is encoded once, unless the quota of
    /// one of them gives it another weight there.
    fn append(&self, event: &mut Event, buffer: &mut Vec<u8>) {
        let (key, rate) = (sampling_key(event), self.0.settings.sample_rate);
        let is_error = event.outcome.is_error();
        let mut is_encoded = false;
        for lane in self.0.lanes.iter() {
            let Some(weight) = lane.sample(key, rate, is_error) else { continue };
            if !is_encoded || event.weight.to_bits() != weight.to_bits() {
                event.weight = weight;
                self.encode(event, buffer);
                is_encoded = true;
            }
            lane.append(buffer);
        }
    }

    fn encode(&self, event: &Event, buffer: &mut Vec<u8>) {
        buffer.clear();
        self.count_tags_over(event);
        event::encode(event, self.tags(), buffer);
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::alter(buffer, self.0.lanes.directory().as_deref());
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
        operator::say(format_args!("{message}"));
    }
}

/// What `debug` writes of an event: nothing that a caller chose.
fn say(event: &Event) {
    let millis = event.duration_ns / 1_000_000;
    let of_author = event.event_type.as_str();
    let method = if event.method.is_empty() { of_author } else { event.method };
    let (name, outcome) = (event.name, event.outcome.as_str());
    operator::say(format_args!("{method} {name}: {outcome} in {millis} ms"));
}

/// Calls of one session, or of one trace, are kept or left out together.
fn sampling_key(event: &Event) -> u64 {
    let trace = event.trace.trace_id;
    let half = u64::from_be_bytes([
        trace[8], trace[9], trace[10], trace[11], trace[12], trace[13], trace[14], trace[15],
    ]);
    event.caller.session.map_or(half, |session| session.value)
}
