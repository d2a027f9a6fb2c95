//! What a watch was configured to do, after options, variables and defaults were merged.

use std::fmt;
use std::sync::Arc;

use super::IntentScope;
use super::hooks::Hooks;
use crate::capture::context::RemoteParent;
use crate::capture::hash::HashMode;
use crate::capture::intent::IntentLevel;
use crate::capture::plan::Lengths;
use crate::capture::repeat::LoopThresholds;
use crate::event::{Tag, Transport};
use crate::wrap::MissingTool;

/// The author's filter over intent texts: the text to keep, or `None` to keep nothing.
pub(crate) type IntentFilter = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The settings that the call path reads.
pub(super) struct Settings {
    pub(super) sample_rate: f64,
    pub(super) lengths: Lengths,
    pub(super) hash_mode: HashMode,
    pub(super) loop_thresholds: LoopThresholds,
    pub(super) intent: IntentLevel,
    pub(super) intent_filter: Option<Arc<IntentFilter>>,
    pub(super) intent_scope: IntentScope,
    pub(super) missing_tool: Option<MissingTool>,
    pub(super) transport: Transport,
    pub(super) remote_parent: RemoteParent,
    pub(super) hooks: Hooks,
    pub(super) tags: Vec<Tag>,
    pub(super) debug: bool,
    pub(super) begin_records: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("sample_rate", &self.sample_rate)
            .field("lengths", &self.lengths)
            .field("hash_mode", &self.hash_mode)
            .field("loop_thresholds", &self.loop_thresholds)
            .field("intent", &self.intent)
            .field("intent_scope", &self.intent_scope)
            .field("transport", &self.transport)
            .field("remote_parent", &self.remote_parent)
            .field("hooks", &self.hooks)
            .field("debug", &self.debug)
            .field("begin_records", &self.begin_records)
            .finish_non_exhaustive()
    }
}
