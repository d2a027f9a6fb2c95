//! What the attribute declares about a tool, and what is compiled from it once.

use std::any::TypeId;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rmcp::model::JsonObject;

use super::registry::{self, Registered};
use crate::capture::hash::Hasher;
use crate::capture::intent::{self, Injection, IntentSpec};
use crate::capture::plan::{Plan, Rule};
use crate::error::Error;
use crate::event::Name;
use crate::shape::TypeShape;
use crate::watch::{self, Active};

/// What `#[watched_tool]` says about one tool.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The name that events carry.
    pub tool: &'static str,
    /// The rules of `args(...)`, in the order of the source.
    pub rules: &'static [Rule],
    /// Whether and how the intent parameter is asked for.
    pub intent: IntentSpec,
    /// The tags of `tags(...)`.
    pub tags: &'static [(&'static str, &'static str)],
}

/// What the types of one monomorphisation declare.
pub struct Declared {
    /// The input schema as rmcp or the author would have it.
    pub input_schema: Arc<JsonObject>,
    /// The shape of the parameters, when they derive it.
    pub shape: Option<fn() -> TypeShape>,
    /// Why the rules of level `value`, by their place, may release what they release.
    pub reasons: Vec<(usize, &'static str)>,
}

/// The place of one `#[watched_tool]` in the source.
///
/// A generic server has one site and an entry per monomorphisation.
pub struct Site {
    spec: Spec,
    first: OnceLock<(TypeId, &'static Entry)>,
    others: Mutex<Vec<(TypeId, &'static Entry)>>,
}

impl Site {
    /// Declares a site.
    #[must_use]
    pub const fn new(spec: Spec) -> Self {
        Self { spec, first: OnceLock::new(), others: Mutex::new(Vec::new()) }
    }

    /// The entry of this site in the server type `S`, compiled on the first use.
    pub fn entry<S: 'static>(&'static self, declare: impl FnOnce() -> Declared) -> &'static Entry {
        let server = TypeId::of::<S>();
        if let Some((known, entry)) = self.first.get() {
            return if *known == server { entry } else { self.other(server, declare) };
        }
        let compiled = Entry::compile(&self.spec, declare());
        let (known, entry) = self.first.get_or_init(|| (server, compiled));
        if *known == server { entry } else { self.keep(server, compiled) }
    }

    fn other(&self, server: TypeId, declare: impl FnOnce() -> Declared) -> &'static Entry {
        if let Some(entry) = find(&lock(&self.others), server) {
            return entry;
        }
        // Compiled outside the lock: schema generation is the author's code and may come back here.
        self.keep(server, Entry::compile(&self.spec, declare()))
    }

    /// Keeps an entry, unless another thread was faster: then its entry serves.
    fn keep(&self, server: TypeId, compiled: &'static Entry) -> &'static Entry {
        let mut others = lock(&self.others);
        find(&others, server).unwrap_or_else(|| {
            others.push((server, compiled));
            compiled
        })
    }
}

fn find(others: &[(TypeId, &'static Entry)], server: TypeId) -> Option<&'static Entry> {
    others.iter().find(|(known, _)| *known == server).map(|(_, entry)| *entry)
}

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// How often tools with the attribute were asked for their schema on this thread. A server that
/// keeps its router asks once, one that builds it anew asks in every request.
pub(crate) fn times_asked() -> u64 {
    ASKED.try_with(Cell::get).unwrap_or_default()
}

/// One watched tool of one server type. It lives as long as the process.
pub struct Entry {
    name: Name,
    spec: Spec,
    plan: Plan,
    /// Why the rules of level `value` may release theirs.
    reasons: Vec<(usize, &'static str)>,
    /// The watch that the plan was compiled for; `None` for all, as an attribute's is.
    compiled_for: Option<u64>,
    #[cfg(feature = "schema")]
    validator: OnceLock<Option<crate::capture::schema::Validator>>,
    declared_schema: Arc<JsonObject>,
    injected: OnceLock<Option<Arc<JsonObject>>>,
    /// Why the tool does not ask for the intent although it should.
    kept: OnceLock<&'static str>,
    has_warned: AtomicBool,
    output_schema: OnceLock<Arc<JsonObject>>,
    hasher: OnceLock<(u64, Hasher)>,
}

impl Entry {
    /// Compiles an entry and gives it the life of the process: there is one per tool.
    fn compile(spec: &Spec, declared: Declared) -> &'static Self {
        let entry: &'static Self = Box::leak(Box::new(Self::new(spec, declared)));
        registry::register(&entry.declared_schema, Registered::Watched(entry));
        entry
    }

    /// The entry of a tool without the attribute: every field at its default level.
    pub(crate) fn of_tool(
        watch: &Active,
        name: Name,
        schema: Arc<JsonObject>,
        intent: IntentSpec,
    ) -> Self {
        let spec = Spec { tool: name.as_str(), rules: &[], intent, tags: &[] };
        let mut entry =
            Self::new(&spec, Declared { input_schema: schema, shape: None, reasons: Vec::new() });
        entry.plan = watch.lowered(name, entry.plan);
        entry.compiled_for = Some(watch.id());
        entry
    }

    fn new(spec: &Spec, declared: Declared) -> Self {
        Self {
            name: Name::from_static(spec.tool),
            spec: *spec,
            plan: Plan::compile(&declared.input_schema, declared.shape, spec.rules),
            reasons: declared.reasons,
            compiled_for: None,
            #[cfg(feature = "schema")]
            validator: OnceLock::new(),
            declared_schema: registry::unshared(declared.input_schema),
            injected: OnceLock::new(),
            kept: OnceLock::new(),
            has_warned: AtomicBool::new(false),
            output_schema: OnceLock::new(),
            hasher: OnceLock::new(),
        }
    }

    /// The name that events carry.
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    /// What the attribute says.
    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Why the value that this rule releases may leave, in the words of its type.
    pub(crate) fn reason(&self, rule: usize) -> Option<&'static str> {
        self.reasons.iter().find(|(index, _)| *index == rule).map(|(_, reason)| *reason)
    }

    /// How much of each field is recorded, before a hook of a watch lowers it.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How much of each field a watch records.
    pub(crate) fn with_plan<R>(&self, watch: &Active, read: impl FnOnce(&Plan) -> R) -> R {
        match self.compiled_for {
            Some(_) => read(&self.plan),
            None => watch.with_plan(self.name, &self.plan, read),
        }
    }

    /// The input schema without the intent parameter: what a call's arguments are checked against.
    pub(crate) fn declared_schema(&self) -> &Arc<JsonObject> {
        &self.declared_schema
    }

    /// The schema to advertise: with the intent parameter, when a watch is on.
    ///
    /// The decision is made when the tool is listed or routed for the first time after a watch was
    /// built, so that a server whose watch is off advertises what it always did.
    #[must_use]
    pub fn input_schema(&'static self) -> Arc<JsonObject> {
        let _ = ASKED.try_with(|asked| asked.set(asked.get().wrapping_add(1)));
        let advertised = match self.injected.get() {
            Some(advertised) => advertised,
            None if watch::any_enabled() => {
                let advertised = self.injected.get_or_init(|| self.inject_known());
                Active::installed().iter().for_each(|watch| self.warn_once(watch));
                advertised
            }
            None => &None,
        };
        Arc::clone(advertised.as_ref().unwrap_or(&self.declared_schema))
    }

    /// The schema with the intent parameter, for a tool without the attribute that asks for it.
    pub(crate) fn intent_schema(&self) -> Option<&Arc<JsonObject>> {
        self.injected.get_or_init(|| self.inject()).as_ref()
    }

    /// The same for a tool with the attribute, which the registry knows by it.
    pub(super) fn inject_known(&'static self) -> Option<Arc<JsonObject>> {
        let schema = self.inject()?;
        registry::register(&schema, Registered::Watched(self));
        Some(schema)
    }

    fn inject(&self) -> Option<Arc<JsonObject>> {
        match intent::inject(&self.declared_schema, &self.spec.intent) {
            Injection::Added(schema) => Some(schema),
            Injection::Off => None,
            Injection::Kept(why) => {
                let _ = self.kept.set(why);
                None
            }
        }
    }

    /// Tells the operator, once, that this tool cannot ask for the intent.
    pub(crate) fn warn_once(&self, watch: &Active) {
        if let Some(why) = self.kept.get()
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            watch.report(&Error::of_tool("a tool keeps its schema", self.spec.tool, why));
        }
    }

    /// Whether the intent parameter was advertised, and so has to be taken out of a call.
    pub(crate) fn is_injected(&self) -> bool {
        self.injected.get().is_some_and(Option::is_some)
    }

    /// The output schema, made once.
    #[must_use]
    pub fn output_schema(&self, declare: impl FnOnce() -> Arc<JsonObject>) -> Arc<JsonObject> {
        Arc::clone(self.output_schema.get_or_init(declare))
    }

    /// The keyed hasher of this tool for a watch.
    pub(crate) fn with_hasher<R>(&self, watch: &Active, read: impl FnOnce(&Hasher) -> R) -> R {
        let (owner, hasher) =
            self.hasher.get_or_init(|| (watch.id(), watch.hasher(self.spec.tool)));
        if *owner == watch.id() { read(hasher) } else { read(&watch.hasher(self.spec.tool)) }
    }

    /// The compiled validator of the schema that the author declared.
    #[cfg(feature = "schema")]
    pub(crate) fn validator(&self) -> Option<&crate::capture::schema::Validator> {
        self.validator
            .get_or_init(|| crate::capture::schema::Validator::compile(&self.declared_schema))
            .as_ref()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
