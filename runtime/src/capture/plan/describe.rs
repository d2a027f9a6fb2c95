//! A plan in words: which fields there are, how much of each is recorded, and why.

use super::Plan;
use crate::event::Name;
use crate::shape::Level;

/// Why a field has its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nothing says otherwise.
    Default,
    /// A rule of the attribute.
    Rule,
    /// The ceiling of its type.
    Type,
    /// The author's hook, at run time.
    Hook,
}

impl Why {
    /// Why a field has this level, when rules say so much.
    pub(super) fn of(ruled: Option<Level>, level: Level) -> Self {
        match ruled {
            Some(ruled) if ruled == level => Self::Rule,
            None if level == Level::default() => Self::Default,
            _ => Self::Type,
        }
    }
}

/// How much of one declared field is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldPolicy {
    pub(crate) path: Name,
    pub(crate) level: Level,
    pub(crate) why: Why,
    pub(crate) is_volatile: bool,
    /// The rule that releases the field's value, by its place in the attribute.
    pub(crate) released_by: Option<usize>,
}

impl Plan {
    /// Every declared field by its path. Forms of an enum may each declare a field of one path: the
    /// one of which most is recorded stands for them.
    pub(crate) fn describe(&self) -> Vec<FieldPolicy> {
        let describe = |id: usize| {
            let node = &self.nodes[id];
            FieldPolicy {
                path: node.path,
                level: node.level,
                why: node.why,
                is_volatile: node.volatile,
                released_by: self.targets.iter().position(|target| *target == Some(id)),
            }
        };
        let mut fields: Vec<_> = self.fields().into_iter().map(describe).collect();
        fields.sort_by(|a, b| a.path.cmp(&b.path).then(b.level.cmp(&a.level)));
        fields.dedup_by_key(|field| field.path);
        fields
    }
}
