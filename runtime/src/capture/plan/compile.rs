//! Turns declarations and rules into a plan, nearest fields first.

use std::collections::VecDeque;

use rmcp::model::JsonObject;

use super::outline::{Declared, Group, Outline, Source};
use super::{
    Inside, MAX_DECLARED_DEPTH, MAX_NODES, Member, Members, Node, NodeId, Plan, ROOT, Rule, Tagged,
    Why,
};
use crate::event::Name;
use crate::shape::{Level, TypeShape};

pub(super) fn compile(
    schema: &JsonObject,
    shape: Option<fn() -> TypeShape>,
    rules: &[Rule],
) -> Plan {
    let source = Source { root: schema, shape: shape.map(|shape| shape()), schema: Some(schema) };
    let mut compiler = Compiler {
        nodes: vec![Node {
            path: Name::from_static(""),
            level: Level::Len.min(source.ceiling()),
            why: Why::Default,
            may_hash: true,
            volatile: false,
            inside: Inside::Nothing,
        }],
        targets: vec![None; rules.len()],
        queue: VecDeque::new(),
    };
    let rules = rules.iter().enumerate();
    let rules =
        rules.map(|(index, rule)| Pending { index, rule: *rule, rest: rule.path }).collect();
    compiler.queue.push_back(Todo { node: ROOT, source, rules, depth: 0, is_single: true });
    compiler.run();
    Plan { nodes: compiler.nodes, targets: compiler.targets }
}

struct Compiler<'a> {
    nodes: Vec<Node>,
    targets: Vec<Option<NodeId>>,
    queue: VecDeque<Todo<'a>>,
}

/// A node whose inside is yet to be compiled.
struct Todo<'a> {
    node: NodeId,
    source: Source<'a>,
    rules: Vec<Pending>,
    depth: u32,
    /// Whether the place occurs at most once in the arguments.
    is_single: bool,
}

/// A rule and what is left of its path below a node.
#[derive(Clone, Copy)]
struct Pending {
    index: usize,
    rule: Rule,
    rest: &'static [&'static str],
}

impl<'a> Compiler<'a> {
    fn run(&mut self) {
        while let Some(todo) = self.queue.pop_front() {
            if self.nodes.len() >= MAX_NODES {
                // What is not followed may hold what must not be hashed.
                self.nodes[todo.node].may_hash = false;
                continue;
            }
            let inside = self.inside(&todo);
            self.nodes[todo.node].inside = inside;
        }
    }

    fn inside(&mut self, todo: &Todo<'a>) -> Inside {
        match todo.source.outline() {
            Outline::Nothing => Inside::Nothing,
            Outline::Items(source) => Inside::Items(self.unnamed(todo, source, ".*")),
            Outline::Values(source) => Inside::Values(self.unnamed(todo, source, ".*")),
            Outline::Members(group) => Inside::Members(self.members(todo, group)),
            Outline::OneOf(sources) => {
                let forms = sources.into_iter().map(|source| self.unnamed(todo, source, ""));
                Inside::OneOf(forms.collect())
            }
            Outline::Tagged { tag, variants } => Inside::Tagged(self.tagged(todo, tag, variants)),
        }
    }

    /// A place without a name of its own: rules go through it unchanged.
    fn unnamed(&mut self, todo: &Todo<'a>, source: Source<'a>, suffix: &str) -> NodeId {
        let path = format!("{}{suffix}", self.nodes[todo.node].path);
        let level = Level::Len.min(source.ceiling());
        let may_hash = source.ceiling() >= Level::Hash;
        let is_single = todo.is_single && suffix.is_empty();
        let rules = todo.rules.clone();
        let why = Why::of(None, level);
        let policy = Policy { level, why, may_hash, volatile: false, rules, is_single };
        self.add(todo.depth + 1, &path, policy, source)
    }

    fn tagged(
        &mut self,
        todo: &Todo<'a>,
        tag: String,
        variants: Vec<(Vec<String>, Group<'a>)>,
    ) -> Tagged {
        let alone = variants.first().map(|(_, group)| Group {
            members: group
                .members
                .iter()
                .filter(|m| m.names[0] == tag)
                .map(Declared::again)
                .collect(),
            ..Group::default()
        });
        let unknown = self.members(todo, alone.unwrap_or_default());
        let variants = variants.into_iter().map(|(names, group)| {
            let names = names.into_iter().map(String::into_boxed_str).collect();
            (names, self.members(todo, group))
        });
        Tagged { variants: variants.collect(), tag: tag.into_boxed_str(), unknown }
    }

    fn members(&mut self, todo: &Todo<'a>, group: Group<'a>) -> Members {
        let is_volatile = |rust: &Vec<&str>| {
            todo.rules.iter().any(|pending| pending.rule.volatile && rust.starts_with(pending.rest))
        };
        let mut members = Members {
            is_open: group.is_open,
            rest_is_volatile: !group.rest.is_empty() && group.rest.iter().all(is_volatile),
            ..Members::default()
        };
        for declared in group.members {
            self.member(todo, declared, &mut members);
        }
        members.names.sort();
        members.names.dedup_by(|(later, _), (earlier, _)| later == earlier);
        members
    }

    fn member(&mut self, todo: &Todo<'a>, declared: Declared<'a>, members: &mut Members) {
        let Declared { names, rust, is_required, ceiling, source } = declared;
        let named = [names[0].as_str()];
        let place: &[&str] = if rust.is_empty() { &named } else { &rust };
        // A rule on a flattened field holds for all its members, so a shorter path matches too.
        let (own, deeper): (Vec<&Pending>, Vec<&Pending>) = todo
            .rules
            .iter()
            .filter(|pending| place.starts_with(pending.rest) || pending.rest.starts_with(place))
            .partition(|pending| place.starts_with(pending.rest));
        let ruled = own.iter().filter_map(|pending| pending.rule.level).min();
        let ceiling = source.ceiling().min(ceiling);
        let level = ruled.unwrap_or_default().min(ceiling);
        let may_hash = ruled.unwrap_or(Level::Hash).min(ceiling) >= Level::Hash;
        let volatile = own.iter().any(|pending| pending.rule.volatile);
        let deeper = deeper
            .into_iter()
            .map(|pending| Pending { rest: &pending.rest[place.len()..], ..*pending })
            .collect();
        let path = self.path_of(todo.node, &names[0]);
        let is_single = todo.is_single;
        let why = Why::of(ruled, level);
        let policy = Policy { level, why, may_hash, volatile, rules: deeper, is_single };
        let node = self.add(todo.depth + 1, &path, policy, source);
        for pending in own.iter().filter(|pending| pending.rest.len() == place.len()) {
            let may_release = level == Level::Value && todo.is_single;
            self.targets[pending.index] = may_release.then_some(node);
        }
        let index = members.list.len();
        members.names.extend(names.into_iter().map(|name| (name.into_boxed_str(), index)));
        members.has_required |= is_required && level != Level::Omit;
        members.has_omitted |= level == Level::Omit;
        members.list.push(Member { node, is_required: is_required && level != Level::Omit });
    }

    fn path_of(&self, parent: NodeId, name: &str) -> String {
        match self.nodes[parent].path.as_str() {
            "" => name.to_owned(),
            around => format!("{around}.{name}"),
        }
    }

    fn add(&mut self, depth: u32, path: &str, policy: Policy, source: Source<'a>) -> NodeId {
        let node = self.nodes.len();
        let path = Name::register(path);
        let Policy { level, why, may_hash, volatile, rules, is_single } = policy;
        let is_followed = level > Level::Kind && depth < MAX_DECLARED_DEPTH;
        // What is not followed may hold what must not be hashed.
        let may_hash = may_hash && is_followed;
        self.nodes.push(Node { path, level, why, may_hash, volatile, inside: Inside::Nothing });
        if is_followed {
            self.queue.push_back(Todo { node, source, rules, depth, is_single });
        }
        node
    }
}

/// What rules and types say of a place.
struct Policy {
    level: Level,
    why: Why,
    may_hash: bool,
    volatile: bool,
    rules: Vec<Pending>,
    is_single: bool,
}

impl<'a> Declared<'a> {
    /// The same member for another group.
    fn again(&self) -> Declared<'a> {
        let (names, rust) = (self.names.clone(), self.rust.clone());
        Declared { names, rust, ..*self }
    }
}
