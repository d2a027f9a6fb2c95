//! Gathers a manifest from the settings, the attributes and the surfaces of a watch.

use std::collections::BTreeMap;

use super::everywhere::EVERYWHERE;
use super::{FieldManifest, Manifest, Recorded, ToolManifest};
use crate::attach::{Entry, registry};
use crate::capture::plan::{FieldPolicy, Plan, Why};
use crate::shape::Level;
use crate::watch::{Active, Watch};
use crate::wrap::{KnownTool, Policy, Surface};

impl Watch {
    /// Lists everything that can leave, and why.
    ///
    /// ```
    /// println!("{}", toolwatch::Watch::disabled().manifest());
    /// ```
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let active = self.active();
        let settings = active.map(Active::describe_settings).unwrap_or_default();
        let tools = active.map(tools).unwrap_or_default();
        Manifest { is_enabled: active.is_some(), settings, everywhere: EVERYWHERE, tools }
    }
}

fn tools(watch: &Active) -> Vec<ToolManifest> {
    let mut tools = BTreeMap::new();
    if Active::installed().is_some_and(|installed| installed.id() == watch.id()) {
        for entry in registry::entries() {
            tools.insert(entry.name(), of_entry(entry, Recorded::Attribute, watch));
        }
    }
    for surface in watch.surfaces() {
        for tool in surface.tools.all() {
            tools.insert(tool.name, of_tool(&tool, watch));
        }
    }
    tools.into_values().collect()
}

/// The tools that one server type has advertised.
pub(super) fn of_surface(surface: &Surface, watch: &Active) -> Vec<ToolManifest> {
    surface.tools.all().iter().map(|tool| of_tool(tool, watch)).collect()
}

fn of_tool(tool: &KnownTool, watch: &Active) -> ToolManifest {
    let is_left_out = watch.skipped_tools().any(|skipped| skipped == tool.name.as_str());
    let mut manifest = match &tool.policy {
        Policy::Attribute(entry) => of_entry(entry, Recorded::Attribute, watch),
        Policy::Schema(entry) => of_entry(entry, Recorded::Wrapper, watch),
        Policy::Skipped => ToolManifest {
            name: tool.name.as_str(),
            recorded: Recorded::Skipped,
            asks_intent: false,
            tags: Vec::new(),
            fields: Vec::new(),
        },
    };
    manifest.asks_intent = tool.asks_intent;
    if is_left_out {
        manifest.recorded = Recorded::Skipped;
        manifest.fields.clear();
    }
    manifest
}

fn of_entry(entry: &Entry, recorded: Recorded, watch: &Active) -> ToolManifest {
    let described = entry.with_plan(watch, Plan::describe);
    ToolManifest {
        name: entry.name().as_str(),
        recorded,
        asks_intent: entry.is_injected(),
        tags: entry.spec().tags.to_vec(),
        fields: described.into_iter().map(|field| of_field(field, entry)).collect(),
    }
}

fn of_field(field: FieldPolicy, entry: &Entry) -> FieldManifest {
    let reason = field.released_by.and_then(|rule| entry.reason(rule));
    FieldManifest {
        path: field.path.as_str(),
        level: field.level.as_str(),
        why: match field.why {
            Why::Default => "default",
            Why::Rule => "rule",
            Why::Type => "type",
            Why::Hook => "hook",
        },
        reason: reason.filter(|_| field.level == Level::Value),
        is_volatile: field.is_volatile,
    }
}
