//! Paths through declared names.

use super::{Inside, NodeId, Plan, ROOT};
use crate::event::Name;
use crate::shape::Level;

use super::schema::unescape;

/// The declared part of a JSON Pointer into the arguments. What is not declared, and what is
/// omitted, ends the path with one `*`; the arguments as a whole have an empty path.
pub(super) fn mask(plan: &Plan, pointer: &str) -> Name {
    let mut node = ROOT;
    for segment in pointer.split('/').skip(1) {
        match step(plan, node, &unescape(segment)) {
            Some(next) if plan.nodes[next].level != Level::Omit => node = next,
            _ => return beyond(plan.nodes[node].path),
        }
    }
    plan.nodes[node].path
}

fn beyond(path: Name) -> Name {
    match path.as_str() {
        "" => Name::from_static("*"),
        path => Name::register(&format!("{path}.*")),
    }
}

fn step(plan: &Plan, node: NodeId, segment: &str) -> Option<NodeId> {
    let in_members = |members: &super::Members| Some(members.list[members.find(segment)?].node);
    match &plan.nodes[node].inside {
        Inside::Nothing => None,
        Inside::Items(item) | Inside::Values(item) => Some(*item),
        Inside::Members(members) => in_members(members),
        Inside::Tagged(tagged) => {
            tagged.variants.iter().find_map(|(_, members)| in_members(members))
        }
        Inside::OneOf(forms) => forms.iter().find_map(|form| step(plan, *form, segment)),
    }
}
