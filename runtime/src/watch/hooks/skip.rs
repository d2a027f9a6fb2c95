//! What is not recorded: by tool, by method, or by the author's predicate.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::capture::context::RequestInfo;
use crate::capture::losses::{self, Loss};

/// The author's predicate over requests.
pub(super) type SkipIf = dyn Fn(&RequestInfo<'_>) -> bool + Send + Sync;

/// What a watch leaves out.
#[derive(Default)]
pub(super) struct Skip {
    pub(super) tools: BTreeSet<String>,
    pub(super) methods: BTreeSet<String>,
    pub(super) predicate: Option<Arc<SkipIf>>,
}

impl Skip {
    /// Whether a request is left out. Where the predicate panics it is: what the author may have
    /// wanted to keep private is not recorded.
    pub(super) fn covers(&self, request: &RequestInfo<'_>) -> bool {
        let is_named = |names: &BTreeSet<String>, name: &str| {
            // Most watches skip nothing, and then no name is compared.
            !names.is_empty() && names.contains(name)
        };
        is_named(&self.methods, request.method())
            || request.tool().is_some_and(|tool| is_named(&self.tools, tool))
            || self.predicate.as_deref().is_some_and(|is_skipped| {
                losses::guarded(Loss::Skip, || is_skipped(request)).unwrap_or(true)
            })
    }
}

impl fmt::Debug for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Skip")
            .field("tools", &self.tools)
            .field("methods", &self.methods)
            .field("predicate", &self.predicate.is_some())
            .finish()
    }
}
