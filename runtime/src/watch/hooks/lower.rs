//! The hook that may lower a field's level, and the plans that it made.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::capture::losses::{self, Loss};
use crate::capture::plan::Plan;
use crate::event::Name;
use crate::shape::Level;

/// A declared field, as [`WatchBuilder::lower`](crate::WatchBuilder::lower) sees it.
///
/// ```
/// use toolwatch::{FieldInfo, Level};
///
/// fn at_most_kind(field: &FieldInfo<'_>) -> Level {
///     if field.tool() == "admit" { Level::Kind } else { field.level() }
/// }
/// # let _ = at_most_kind;
/// ```
#[derive(Clone, Copy)]
pub struct FieldInfo<'a> {
    tool: &'a str,
    path: &'a str,
    level: Level,
}

impl FieldInfo<'_> {
    /// The tool's registered name.
    #[must_use]
    pub const fn tool(&self) -> &str {
        self.tool
    }

    /// The path as events write it: JSON names joined by dots, `*` for list items and map values.
    #[must_use]
    pub const fn path(&self) -> &str {
        self.path
    }

    /// The level that rules and types give it.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }
}

impl fmt::Debug for FieldInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldInfo({}: {} {})", self.tool, self.path, self.level)
    }
}

/// The author's hook.
pub(super) type LowerHook = dyn Fn(&FieldInfo<'_>) -> Level + Send + Sync;

/// The hook of one watch and the plans that it made, each made once.
///
/// There are as many as tools that this watch has seen called, which the program's source bounds.
pub(super) struct Lower {
    hook: Box<LowerHook>,
    plans: RwLock<HashMap<usize, Made>>,
}

/// A plan that is made, or is being made by another call.
type Made = Arc<OnceLock<Arc<Plan>>>;

impl Lower {
    pub(super) fn new(hook: Box<LowerHook>) -> Self {
        Self { hook, plans: RwLock::default() }
    }

    /// The plan in place of this one.
    pub(super) fn plan(&self, tool: Name, plan: &Plan) -> Arc<Plan> {
        let place = std::ptr::from_ref(plan).addr();
        let known = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        let made = known.unwrap_or_else(|| {
            let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(plans.entry(place).or_default())
        });
        // Outside the locks: the hook is the author's code.
        Arc::clone(made.get_or_init(|| Arc::new(self.lowered(tool, plan))))
    }

    /// The plan with each field at the level that the hook leaves it.
    pub(super) fn lowered(&self, tool: Name, plan: &Plan) -> Plan {
        plan.lowered(|path, level| {
            let field = FieldInfo { tool: tool.as_str(), path: path.as_str(), level };
            losses::guarded(Loss::Lower, || (self.hook)(&field)).unwrap_or(Level::Omit)
        })
    }
}
