//! The hash that Python servers compute, without volatile fields.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::{Inside, NodeId, Plan, ROOT};
use crate::capture::canonical::sorted;
use crate::capture::{hash, python};

pub(super) fn python_hash(plan: &Plan, args: &JsonObject, buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    python::write_object(args, Kept { plan, node: Some(ROOT) }, 0, buffer);
    hash::sha256(buffer)
}

/// Leaves volatile members out of Python's text.
#[derive(Clone, Copy)]
struct Kept<'a> {
    plan: &'a Plan,
    node: Option<NodeId>,
}

impl python::Choose for Kept<'_> {
    fn members(self, object: &JsonObject, visit: &mut dyn FnMut(&str, &Value, Self)) {
        let inside = self.node.map(|node| &self.plan.nodes[node].inside);
        let members = inside.and_then(|inside| self.plan.members(inside, object));
        sorted(object, &mut |key, value| {
            let (node, volatile) = match (members, inside) {
                (Some(members), _) => match members.find(key) {
                    Some(index) => {
                        let node = members.list[index].node;
                        (Some(node), self.plan.nodes[node].volatile)
                    }
                    None => (None, members.rest_is_volatile),
                },
                (None, Some(Inside::Values(node))) => (Some(*node), false),
                (None, _) => (None, false),
            };
            if !volatile {
                visit(key, value, Self { node, ..self });
            }
        });
    }

    fn item(self, _: &Value) -> Self {
        let node = match self.node.map(|node| &self.plan.nodes[node].inside) {
            Some(Inside::Items(item)) => Some(*item),
            _ => None,
        };
        Self { node, ..self }
    }
}
