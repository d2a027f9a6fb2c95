//! The policy of one tool, compiled once: which fields exist, and how much of each is recorded.
//!
//! A plan is a tree of declared names. It is made from the derived [`TypeShape`] when there is one
//! and else from the tool's JSON Schema; `required` always comes from the schema. Names that are
//! not declared are counted and never named.
//!
//! - A field's level is the lower of its rule (`len` without one) and its type's ceiling. Nothing
//!   is recorded below `omit`, and nothing inside a field of level `kind`.
//! - A list records itself; of its items only the first one's declared fields are recorded, as
//!   `items.*.name`. Unknown keys, missing fields and the hash cover all items. So for maps.
//! - The hash of a field leaves out what a rule or a ceiling inside it keeps below `hash`; the keyed
//!   hash of all arguments covers everything but volatile fields.
//! - At level `value` the value stands in the place of the hash.

mod compile;
mod describe;
mod fit;
mod kept;
mod lowered;
#[cfg(any(feature = "schema", test))]
mod mask;
mod outline;
mod schema;
#[cfg(test)]
mod tests;
mod walk;
mod withheld;

use rmcp::model::JsonObject;

pub(crate) use describe::{FieldPolicy, Why};

use super::hash::Hasher;
use super::losses::{self, Loss};
use crate::event::{Arguments, Name};
use crate::shape::{Exposed, Form, Level, TypeShape};

/// How many fields of one call are recorded.
pub(crate) const MAX_FIELDS: usize = 64;

/// How many missing fields of one call are named.
pub(crate) const MAX_MISSING: usize = 16;

/// How deep declared types are followed, which ends recursive ones.
const MAX_DECLARED_DEPTH: u32 = 8;

/// Once a plan has so many places, no further one is followed: it is recorded without its own fields.
/// Nearer fields come first, so that a plan has at most the members of one type more.
const MAX_NODES: usize = 4096;

/// One rule of `#[watched_tool(args(...))]`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The field, by its names in the Rust source.
    pub path: &'static [&'static str],
    /// How much of it is recorded; `None` leaves the default.
    pub level: Option<Level>,
    /// Whether the field is kept out of the hash of all arguments.
    pub volatile: bool,
}

/// How precisely lengths are recorded.
///
/// ```
/// use toolwatch::Lengths;
/// assert_eq!(Lengths::default(), Lengths::Exact);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lengths {
    /// As they are.
    #[default]
    Exact,
    /// Rounded up to a power of two.
    Buckets,
}

impl Lengths {
    /// A length as it is recorded.
    pub(crate) const fn of(self, length: u64) -> u64 {
        match self {
            Self::Exact => length,
            Self::Buckets if length == 0 => 0,
            Self::Buckets => match length.checked_next_power_of_two() {
                Some(bucket) => bucket,
                None => u64::MAX,
            },
        }
    }
}

/// The compiled policy of one tool.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The root is the first one.
    nodes: Vec<Node>,
    /// The node of each rule that may release a value.
    targets: Vec<Option<NodeId>>,
}

type NodeId = usize;

/// The root of every plan.
const ROOT: NodeId = 0;

/// One declared place in the arguments.
#[derive(Clone, Debug)]
struct Node {
    path: Name,
    level: Level,
    why: Why,
    /// Whether the hash of a field around it may cover it: neither a rule nor a type says less.
    may_hash: bool,
    volatile: bool,
    inside: Inside,
}

/// What is declared inside a place.
#[derive(Clone, Debug)]
enum Inside {
    /// Nothing that could be walked.
    Nothing,
    /// The items of a list.
    Items(NodeId),
    /// The values of a map, whose keys are data.
    Values(NodeId),
    /// Named members.
    Members(Members),
    /// Members that depend on the text under a key.
    Tagged(Tagged),
    /// One of several forms, told apart by what fits best.
    OneOf(Vec<NodeId>),
}

/// The forms of an enum with a tag.
#[derive(Clone, Debug)]
struct Tagged {
    tag: Box<str>,
    variants: Vec<(Vec<Box<str>>, Members)>,
    /// The members when the tag names no variant: the tag alone.
    unknown: Members,
}

/// The declared members of an object.
#[derive(Clone, Debug, Default)]
struct Members {
    /// Names and aliases in order, each with the member's place in `list`.
    names: Vec<(Box<str>, usize)>,
    list: Vec<Member>,
    /// Whether undeclared keys are data, as those of a flattened map.
    is_open: bool,
    /// Whether undeclared keys are kept out of the hash.
    rest_is_volatile: bool,
    has_required: bool,
    has_omitted: bool,
}

#[derive(Clone, Debug)]
struct Member {
    node: NodeId,
    is_required: bool,
}

impl Members {
    fn find(&self, key: &str) -> Option<usize> {
        let found = self.names.binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        self.names.get(found).map(|(_, member)| *member)
    }
}

impl Plan {
    /// Compiles the policy of a tool. A shape that the author wrote by hand may panic: then it is
    /// not known what is private, and no field is looked at.
    pub(crate) fn compile(
        schema: &JsonObject,
        shape: Option<fn() -> TypeShape>,
        rules: &[Rule],
    ) -> Self {
        let unknown = || TypeShape::new(Form::Opaque).with_ceiling(Level::Kind);
        losses::guarded(Loss::Shape, || compile::compile(schema, shape, rules))
            .unwrap_or_else(|| compile::compile(schema, Some(unknown), rules))
    }

    /// Records the shape of a call's arguments in one walk. Returns whether something is nested too
    /// deep for it.
    pub(crate) fn capture(
        &self,
        args: &JsonObject,
        hasher: &Hasher,
        lengths: Lengths,
        out: &mut Arguments,
    ) -> bool {
        walk::capture(self, args, hasher, lengths, out)
    }

    /// Whether a rule of level `value` releases anything.
    pub(crate) fn may_expose(&self, rule_index: usize) -> bool {
        self.targets.get(rule_index).copied().flatten().is_some()
    }

    /// Records the value that a rule of level `value` releases.
    pub(crate) fn expose(&self, rule_index: usize, value: Exposed, out: &mut Arguments) {
        let Some(node) = self.targets.get(rule_index).copied().flatten() else { return };
        let path = self.nodes[node].path;
        if let Some(field) = out.fields.iter_mut().find(|field| field.path == path) {
            field.value = Some(value);
        }
    }

    /// The declared part of an instance's JSON Pointer; other segments become one `*`.
    #[cfg(any(feature = "schema", test))]
    pub(crate) fn mask(&self, pointer: &str) -> Name {
        mask::mask(self, pointer)
    }
}
