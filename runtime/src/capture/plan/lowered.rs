//! A plan of which a hook of the author's takes away: no field's level is raised.
//!
//! Everything that compilation derives from a level is derived anew, so that a plan that was lowered
//! records what the same rules in the source would: what is omitted is in no count and in no size,
//! nothing inside a field of level `kind` is walked, and the hash of a field leaves out what inside
//! it may no longer be hashed.

use std::collections::{BTreeSet, HashMap};

use super::{Inside, Members, NodeId, Plan, Why};
use crate::event::Name;
use crate::shape::Level;

impl Plan {
    /// The plan with each declared field at the lower of its level and the one that `choose` says
    /// for its path and level. Each field is asked for once.
    pub(crate) fn lowered(&self, mut choose: impl FnMut(Name, Level) -> Level) -> Self {
        let mut plan = self.clone();
        let mut chosen: HashMap<(Name, Level), Level> = HashMap::new();
        for field in self.fields() {
            let node = &mut plan.nodes[field];
            let (path, level) = (node.path, node.level);
            if level == Level::Omit {
                continue;
            }
            // The forms of an enum may each declare a field of one path.
            let lower = *chosen.entry((path, level)).or_insert_with(|| choose(path, level));
            if lower < level {
                node.level = lower;
                node.why = Why::Hook;
                node.may_hash &= lower >= Level::Hash;
                if lower <= Level::Kind {
                    node.inside = Inside::Nothing;
                }
            }
        }
        plan.settle();
        plan
    }

    /// The places that have a name of their own.
    pub(super) fn fields(&self) -> BTreeSet<NodeId> {
        let mut fields = BTreeSet::new();
        for node in &self.nodes {
            for_each_members(&node.inside, |members| {
                fields.extend(members.list.iter().map(|member| member.node));
            });
        }
        fields
    }

    /// Draws from the levels what is kept beside them.
    fn settle(&mut self) {
        let levels: Vec<Level> = self.nodes.iter().map(|node| node.level).collect();
        for node in &mut self.nodes {
            for_each_members_mut(&mut node.inside, |members| {
                for member in &mut members.list {
                    member.is_required &= levels[member.node] != Level::Omit;
                }
                members.has_omitted = members.list.iter().any(|m| levels[m.node] == Level::Omit);
            });
        }
        for target in &mut self.targets {
            *target = target.filter(|node| levels[*node] == Level::Value);
        }
    }
}

fn for_each_members(inside: &Inside, mut visit: impl FnMut(&Members)) {
    match inside {
        Inside::Members(members) => visit(members),
        Inside::Tagged(tagged) => {
            tagged.variants.iter().for_each(|(_, members)| visit(members));
            visit(&tagged.unknown);
        }
        Inside::Nothing | Inside::Items(_) | Inside::Values(_) | Inside::OneOf(_) => {}
    }
}

fn for_each_members_mut(inside: &mut Inside, mut visit: impl FnMut(&mut Members)) {
    match inside {
        Inside::Members(members) => visit(members),
        Inside::Tagged(tagged) => {
            tagged.variants.iter_mut().for_each(|(_, members)| visit(members));
            visit(&mut tagged.unknown);
        }
        Inside::Nothing | Inside::Items(_) | Inside::Values(_) | Inside::OneOf(_) => {}
    }
}
