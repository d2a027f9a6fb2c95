//! The tools of a server: how each is recorded, and what the wrapper advertises for it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rmcp::model::{JsonObject, Tool};

use super::twins::Twins;
use super::{MAX_KNOWN, digest};
use crate::attach::{Entry, Registered, registry};
use crate::capture::intent::{IntentMode, IntentSpec};
use crate::event::Name;
use crate::watch::{Active, IntentScope};
use crate::wrap::operation::MAX_INTENT_CHARS;

/// How a tool is recorded.
#[derive(Clone)]
pub(crate) enum Policy {
    /// By what its attribute says.
    Attribute(&'static Entry),
    /// By its schema, every field at its default level.
    Schema(Arc<Entry>),
    /// Never.
    Skipped,
}

impl Policy {
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Attribute(entry) => Some(entry),
            Self::Schema(entry) => Some(entry),
            Self::Skipped => None,
        }
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Attribute(_) => "Attribute",
            Self::Schema(_) => "Schema",
            Self::Skipped => "Skipped",
        })
    }
}

/// A tool as it was last advertised.
#[derive(Debug)]
pub(crate) struct KnownTool {
    pub(crate) name: Name,
    pub(crate) policy: Policy,
    pub(crate) digest: u64,
    /// The definition as the server has it.
    source: Tool,
    /// Other `Arc`s around its input schema.
    twins: Twins,
    /// The schema to advertise instead of the server's.
    replaced: Option<Arc<JsonObject>>,
    /// Whether calls may hold the intent parameter, which the handler must not see.
    pub(crate) asks_intent: bool,
}

impl KnownTool {
    fn learn(tool: &Tool, watch: &Active) -> Self {
        let name = Name::register(&tool.name);
        let policy = match registry::find(&tool.input_schema) {
            Some(Registered::Watched(entry)) => Policy::Attribute(entry),
            Some(Registered::Skipped) => Policy::Skipped,
            None => Policy::Schema(Arc::new(schema_entry(name, tool, watch))),
        };
        let (replaced, asks_intent) = advertise(&policy, tool, watch);
        if let Some(entry) = policy.entry() {
            entry.warn_once(watch);
        }
        let digest = digest::of_tool(tool);
        Self {
            name,
            policy,
            digest,
            source: tool.clone(),
            twins: Twins::default(),
            replaced,
            asks_intent,
        }
    }

    /// Whether this is the tool, unchanged. Each `Arc` around a schema is compared once; the tool is
    /// the same afterwards.
    fn is(&self, tool: &mut Tool) -> bool {
        let own = &self.source.input_schema;
        if Arc::ptr_eq(&tool.input_schema, own) {
            return self.source == *tool;
        }
        let is_twin = self.twins.has(&tool.input_schema);
        // Equality of two `Arc`s begins with their addresses.
        let compared = if is_twin { Arc::clone(own) } else { Arc::clone(&tool.input_schema) };
        let given = std::mem::replace(&mut tool.input_schema, compared);
        let is_same = self.source == *tool;
        tool.input_schema = given;
        if is_same && !is_twin {
            self.twins.add(&tool.input_schema);
        }
        is_same
    }

    /// Makes a definition what the wrapper advertises.
    pub(crate) fn advertise(&self, tool: &mut Tool) {
        if let Some(schema) = &self.replaced {
            tool.input_schema = Arc::clone(schema);
        }
    }
}

fn schema_entry(name: Name, tool: &Tool, watch: &Active) -> Entry {
    let mode = match watch.intent_scope() {
        IntentScope::All => IntentMode::Optional,
        IntentScope::Only(tools) if tools.iter().any(|asked| *asked == *tool.name) => {
            IntentMode::Optional
        }
        _ => IntentMode::Off,
    };
    let intent = IntentSpec { mode, text: None, max_chars: MAX_INTENT_CHARS };
    Entry::of_tool(watch, name, Arc::clone(&tool.input_schema), intent)
}

/// The schema to advertise when it is not the server's, and whether it asks for the intent.
fn advertise(policy: &Policy, tool: &Tool, watch: &Active) -> (Option<Arc<JsonObject>>, bool) {
    match policy {
        Policy::Skipped => (None, false),
        Policy::Schema(entry) => {
            let schema = entry.intent_schema().cloned();
            let asks = schema.is_some();
            (schema, asks)
        }
        Policy::Attribute(entry) => {
            let wanted = match watch.intent_scope() {
                IntentScope::Attributed | IntentScope::All => true,
                IntentScope::Only(tools) => tools.iter().any(|asked| *asked == *tool.name),
                IntentScope::None => false,
            };
            // A router that was built before the watch has the schema as it was declared.
            let schema = match wanted {
                true => entry.input_schema(),
                false => Arc::clone(entry.declared_schema()),
            };
            let is_other = !Arc::ptr_eq(&schema, &tool.input_schema);
            (is_other.then_some(schema), wanted && entry.is_injected())
        }
    }
}

/// One page of a list, in the server's order. `None` is a tool that there are too many for.
pub(crate) type Page = Arc<[Option<Arc<KnownTool>>]>;

/// All tools that a server has advertised.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    by_name: RwLock<HashMap<Box<str>, Arc<KnownTool>>>,
    /// The page that was learned last, until a tool changes: most lists are the one before again.
    last_page: RwLock<Option<Page>>,
}

impl Tools {
    pub(crate) fn get(&self, name: &str) -> Option<Arc<KnownTool>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Every tool by name.
    pub(crate) fn all(&self) -> Vec<Arc<KnownTool>> {
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known.values().cloned().collect();
        all.sort_unstable_by_key(|tool| tool.name);
        all
    }

    /// Learns a tool from its definition, unless it is known as it is. `None` when there are too many.
    pub(crate) fn learn(&self, tool: &Tool, watch: &Active) -> Option<Arc<KnownTool>> {
        if let Some(known) = self.get(&tool.name).filter(|known| known.source == *tool) {
            return Some(known);
        }
        // Compiled outside the lock: it takes a while, and asks the registry.
        let learned = Arc::new(KnownTool::learn(tool, watch));
        let mut tools = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        if tools.len() >= MAX_KNOWN && !tools.contains_key(&*tool.name) {
            return None;
        }
        tools.insert((&*tool.name).into(), Arc::clone(&learned));
        // Under the lock, so that no page from before the change is kept after it.
        self.keep_page(None);
        Some(learned)
    }

    /// Learns the tools of one page. The answer is the same `Arc` when it is the last page again.
    pub(crate) fn learn_page(&self, tools: &mut [Tool], watch: &Active) -> Page {
        let last = self.last_page.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last.filter(|last| is_page(last, tools)) {
            return last;
        }
        let page: Page = tools.iter().map(|tool| self.learn(tool, watch)).collect();
        let known = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let is_current = |tool: &Arc<KnownTool>| {
            known.get(tool.name.as_str()).is_some_and(|known| Arc::ptr_eq(known, tool))
        };
        if page.iter().flatten().all(is_current) {
            self.keep_page(Some(Arc::clone(&page)));
        }
        page
    }

    fn keep_page(&self, page: Option<Page>) {
        *self.last_page.write().unwrap_or_else(PoisonError::into_inner) = page;
    }
}

/// Whether these tools are those of the page, unchanged and in the same order.
fn is_page(page: &Page, tools: &mut [Tool]) -> bool {
    let is_known = |known: &Option<Arc<KnownTool>>, tool: &mut Tool| {
        known.as_ref().is_some_and(|known| known.is(tool))
    };
    page.len() == tools.len() && page.iter().zip(tools).all(|(known, tool)| is_known(known, tool))
}
