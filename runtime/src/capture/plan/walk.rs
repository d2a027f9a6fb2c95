//! The one walk over a call's arguments.
//!
//! It writes the canonical form, measures, counts and records at the same time. A plan is at most
//! eight levels deep, so its recursion is bounded; what no plan covers is bounded by
//! [`Canonical`].
//!
//! Sizes must not tell what levels withhold: what is omitted adds nothing to any count or size,
//! and a value of level `kind` adds its key but not its own bytes.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::withheld::Withheld;
use super::{Inside, Lengths, MAX_FIELDS, MAX_MISSING, Members, Node, Plan, ROOT, kept};
use crate::capture::canonical::{Canonical, sorted};
use crate::capture::hash::{HashMode, Hasher};
use crate::capture::scratch;
use crate::event::{Arguments, FieldShape, JsonKind, reused_fields};
use crate::shape::Level;

/// Returns whether something is nested too deep to have been walked.
pub(super) fn capture(
    plan: &Plan,
    args: &JsonObject,
    hasher: &Hasher,
    lengths: Lengths,
    out: &mut Arguments,
) -> bool {
    if out.fields.capacity() == 0 {
        out.fields = reused_fields(plan.nodes.len().min(MAX_FIELDS));
    }
    let (hash, is_too_deep) = scratch::with(|buffer| {
        let canonical = Canonical::new(buffer);
        let withheld = Withheld::default();
        let mut walk = Walk { plan, hasher, lengths, canonical, withheld, out };
        walk.root(args);
        let is_too_deep = walk.canonical.too_deep > 0;
        let hash = match hasher.mode() {
            HashMode::Keyed => hasher.arguments_form(walk.canonical.since(0)),
            HashMode::PythonSha256 => kept::python_hash(plan, args, buffer),
        };
        (hash, is_too_deep)
    });
    out.hash = Some(hash);
    is_too_deep
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct At {
    depth: u32,
    is_recorded: bool,
}

impl At {
    /// One level further in.
    const fn inner(self, is_recorded: bool) -> Self {
        Self { depth: self.depth + 1, is_recorded: self.is_recorded && is_recorded }
    }
}

struct Walk<'a, 'b> {
    plan: &'a Plan,
    hasher: &'a Hasher,
    lengths: Lengths,
    canonical: Canonical<'b>,
    withheld: Withheld,
    out: &'b mut Arguments,
}

impl<'a> Walk<'a, '_> {
    fn root(&mut self, args: &'a JsonObject) {
        let root = &self.plan.nodes[ROOT];
        let members = self.plan.members(&root.inside, args);
        self.out.keys = count(self.plan.visible(members, args));
        self.object(
            &root.inside,
            members,
            args,
            At { depth: 0, is_recorded: root.level > Level::Kind },
        );
        self.out.bytes = self.lengths.of(self.canonical.bytes);
        self.out.fields_dropped += self.canonical.too_deep;
    }

    /// Walks a declared field and records it.
    fn field(&mut self, node: &'a Node, value: &'a Value, at: At) {
        let mark = self.canonical.mark();
        let slot = if at.is_recorded { self.record(node, value) } else { None };
        let (Some(slot), Level::Hash) = (slot, node.level) else {
            return self.place(node, value, at);
        };
        self.withheld.enter();
        self.place(node, value, at);
        let pieces = self.withheld.around(self.canonical.since(mark), mark);
        let hash = self.hasher.field_form(node.path.as_str(), pieces);
        self.withheld.leave();
        self.out.fields[slot].hash = Some(hash);
    }

    /// Walks a place without recording it.
    fn place(&mut self, node: &'a Node, value: &'a Value, at: At) {
        let (mark, before) = (self.canonical.mark(), self.canonical.bytes);
        if node.level > Level::Kind {
            self.inside(&node.inside, value, at);
        } else {
            self.canonical.value(value, at.depth);
            self.canonical.bytes = before;
        }
        if !node.may_hash {
            self.withheld.add(mark, self.canonical.mark());
        }
    }

    fn inside(&mut self, inside: &'a Inside, value: &'a Value, at: At) {
        match (inside, value) {
            (Inside::Items(item), Value::Array(items)) => {
                let item = &self.plan.nodes[*item];
                self.canonical.open(b'a', items.len());
                for (index, value) in items.iter().enumerate() {
                    self.place(item, value, at.inner(index == 0));
                }
                self.canonical.close();
            }
            (Inside::OneOf(forms), _) => match self.plan.best(forms, value) {
                Some(form) => self.place(&self.plan.nodes[form], value, at),
                None => self.canonical.value(value, at.depth),
            },
            (_, Value::Object(object)) => {
                let members = self.plan.members(inside, object);
                self.object(inside, members, object, at);
            }
            _ => self.canonical.value(value, at.depth),
        }
    }

    /// Walks an object with members, with values of one kind, or with nothing declared.
    fn object(
        &mut self,
        inside: &'a Inside,
        members: Option<&'a Members>,
        object: &'a JsonObject,
        at: At,
    ) {
        let mut seen = 0;
        let mut is_first = true;
        self.canonical.open(b'o', self.plan.visible(members, object));
        sorted(object, &mut |key, value| match (members, inside) {
            (Some(members), _) => seen |= self.member(members, key, value, at),
            (None, Inside::Values(node)) => {
                self.canonical.key(key);
                let is_first = std::mem::replace(&mut is_first, false);
                self.place(&self.plan.nodes[*node], value, at.inner(is_first));
            }
            (None, _) => {
                self.canonical.key(key);
                self.canonical.value(value, at.depth + 1);
            }
        });
        self.canonical.close();
        if let Some(members) = members.filter(|members| members.has_required) {
            self.missing(members, object, seen);
        }
    }

    /// Walks one member of an object and tells which declared one it is.
    fn member(&mut self, members: &'a Members, key: &str, value: &'a Value, at: At) -> u64 {
        let (mark, before) = (self.canonical.mark(), self.canonical.bytes);
        self.canonical.key(key);
        let Some(index) = members.find(key) else {
            self.canonical.value(value, at.depth + 1);
            self.out.unknown_keys =
                self.out.unknown_keys.saturating_add(u32::from(!members.is_open));
            if members.rest_is_volatile {
                self.canonical.cut(mark);
            }
            return 0;
        };
        let node = &self.plan.nodes[members.list[index].node];
        self.field(node, value, at.inner(true));
        if node.level == Level::Omit {
            self.canonical.bytes = before;
            self.withheld.add(mark, self.canonical.mark());
        }
        if node.volatile {
            self.canonical.cut(mark);
            self.withheld.cut(mark);
        }
        bit(index)
    }

    fn record(&mut self, node: &Node, value: &Value) -> Option<usize> {
        if node.level == Level::Omit {
            return None;
        }
        let fields = &mut self.out.fields;
        if fields.len() >= MAX_FIELDS || fields.iter().any(|field| field.path == node.path) {
            self.out.fields_dropped = self.out.fields_dropped.saturating_add(1);
            return None;
        }
        let len = if node.level > Level::Kind { self.plan.length(node, value) } else { None };
        fields.push(FieldShape {
            path: node.path,
            kind: JsonKind::of(value),
            len: len.map(|len| self.lengths.of(len)),
            hash: None,
            value: None,
        });
        Some(fields.len() - 1)
    }

    #[cold]
    fn missing(&mut self, members: &Members, object: &JsonObject, seen: u64) {
        for (index, member) in members.list.iter().enumerate() {
            let is_present = || match bit(index) {
                0 => members.names.iter().any(|(n, i)| *i == index && object.contains_key(&**n)),
                bit => seen & bit != 0,
            };
            let path = self.plan.nodes[member.node].path;
            let is_listed =
                self.out.missing.len() >= MAX_MISSING || self.out.missing.contains(&path);
            if member.is_required && !is_present() && !is_listed {
                self.out.missing.push(path);
            }
        }
    }
}

/// The place of a member in a set of 64; later members are looked up when it matters.
fn bit(index: usize) -> u64 {
    u32::try_from(index).ok().and_then(|index| 1u64.checked_shl(index)).unwrap_or(0)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
