//! Which declared members are meant for one object, and what may be counted of it.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::{Inside, Members, Node, NodeId, Plan, Tagged};
use crate::shape::Level;

impl Plan {
    /// The members that are declared for this very object.
    pub(super) fn members<'a>(
        &'a self,
        inside: &'a Inside,
        object: &JsonObject,
    ) -> Option<&'a Members> {
        match inside {
            Inside::Members(members) => Some(members),
            Inside::Tagged(tagged) => Some(tagged.members(object)),
            Inside::OneOf(forms) => {
                let form = self.best_object(forms, object)?;
                self.members(&self.nodes[form].inside, object)
            }
            Inside::Nothing | Inside::Items(_) | Inside::Values(_) => None,
        }
    }

    /// How many keys of an object may be told.
    pub(super) fn visible(&self, members: Option<&Members>, object: &JsonObject) -> usize {
        let Some(members) = members.filter(|members| members.has_omitted) else {
            return object.len();
        };
        let is_omitted = |key: &String| {
            let node = members.find(key).map(|index| members.list[index].node);
            node.is_some_and(|node| self.nodes[node].level == Level::Omit)
        };
        object.keys().filter(|key| !is_omitted(key)).count()
    }

    /// The characters, items or keys of a value.
    pub(super) fn length(&self, node: &Node, value: &Value) -> Option<u64> {
        let length = match value {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(object) => self.visible(self.members(&node.inside, object), object),
            Value::Null | Value::Bool(_) | Value::Number(_) => return None,
        };
        Some(length as u64)
    }

    /// The form that fits a value best, the first of equals.
    pub(super) fn best(&self, forms: &[NodeId], value: &Value) -> Option<NodeId> {
        match value {
            Value::Object(object) => self.best_object(forms, object),
            Value::Array(_) => {
                let is_list =
                    |form: &&NodeId| matches!(self.nodes[**form].inside, Inside::Items(_));
                forms.iter().find(is_list).copied()
            }
            _ => None,
        }
    }

    fn best_object(&self, forms: &[NodeId], object: &JsonObject) -> Option<NodeId> {
        let scored = forms.iter().filter_map(|form| Some((self.misfits(*form, object)?, *form)));
        scored.min_by_key(|(misfits, _)| *misfits).map(|(_, form)| form)
    }

    /// How many keys of an object a form does not declare or misses; `None` for other forms.
    fn misfits(&self, form: NodeId, object: &JsonObject) -> Option<usize> {
        let inside = &self.nodes[form].inside;
        let Some(members) = self.members(inside, object) else {
            return matches!(inside, Inside::Values(_)).then_some(0);
        };
        let unknown = object.keys().filter(|key| members.find(key).is_none()).count();
        let unknown = if members.is_open { 0 } else { unknown };
        let is_missing = |(name, index): &&(Box<str>, usize)| {
            members.list[*index].is_required && !object.contains_key(&**name)
        };
        Some(unknown + members.names.iter().filter(is_missing).count())
    }
}

impl Tagged {
    fn members(&self, object: &JsonObject) -> &Members {
        let tag = object.get(&*self.tag).and_then(Value::as_str);
        let is_meant = |names: &[Box<str>]| names.iter().any(|name| Some(&**name) == tag);
        let variant = self.variants.iter().find(|(names, _)| is_meant(names));
        variant.map_or(&self.unknown, |(_, members)| members)
    }
}
