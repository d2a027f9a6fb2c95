//! Generated JSON Schemas: a tree that can be written as a schema and filled with arguments.
//!
//! Names of declared properties are plain words, because they may leave. Literals (`enum`,
//! `const`, `default`, descriptions) are needles: they equal what callers send.

use serde_json::Value;

use super::needle::{Kind, Needles};

/// Names that a schema declares.
const NAMES: [&str; 12] = [
    "query", "pageSize", "sort_by", "filter", "items", "owner", "since", "x-y", "a.b", "$id",
    "größe", "data",
];

/// How deep a schema nests, references aside.
const MAX_DEPTH: usize = 3;

/// The bounds of generated numbers: needles of 15 digits and negative ones lie outside.
pub(super) const NUMBERS: (i64, i64) = (1_000, 100_000_000_000_000);

/// One generated schema with its definitions.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The object at the root.
    pub root: Object,
    /// What `$ref` may name. The first one is recursive.
    pub definitions: Vec<Node>,
}

/// One place of a schema.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the keywords that the variants name")]
pub enum Node {
    /// `{}`.
    Any,
    /// A string: a prefix that a pattern demands, bounds, a format.
    Text { prefix: Option<&'static str>, bounded: bool, format: Option<&'static str> },
    /// A number within `NUMBERS`.
    Number { whole: bool, multiple_of: Option<i64> },
    /// A boolean.
    Boolean,
    /// `enum`, or `const` when there is one value.
    Choice(Vec<Value>),
    /// An array of 1 to 3 different items, one of which is demanded by `contains`.
    List { items: Box<Node>, contains: Option<String> },
    /// `prefixItems` without further items.
    Tuple(Vec<Node>),
    /// An object.
    Object(Object),
    /// `$ref`.
    Reference(usize),
    /// `anyOf` or `oneOf` over a string with a prefix, a number and another place.
    Union(&'static str, Box<Node>),
    /// Another place that must not be this value.
    Not(Box<Node>, Value),
    /// `if` it is a string `then` it has a prefix.
    Conditional(&'static str),
}

/// One declared property.
#[derive(Clone, Debug)]
pub struct Property {
    /// The declared name.
    pub name: &'static str,
    /// What it holds.
    pub node: Node,
    /// Whether it is in `required`.
    pub required: bool,
}

/// What an object allows beside its declared properties.
#[derive(Clone, Debug)]
pub enum Extra {
    /// Anything.
    Open,
    /// Nothing, through this keyword.
    Closed(&'static str),
    /// A map: keys are data.
    Map(Box<Node>),
    /// Keys with a prefix, and short ones only.
    Pattern(&'static str, Box<Node>),
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Declared properties.
    pub properties: Vec<Property>,
    /// Everything else.
    pub extra: Extra,
    /// `dependentRequired`: who has the first must have the second.
    pub dependent: Option<(&'static str, &'static str)>,
    /// Whether the number of keys is bounded (1 to 30).
    pub counted: bool,
    /// A root `anyOf`, into which no intent can be injected.
    pub union: bool,
}

impl Schema {
    /// Generates a schema.
    pub fn generate(needles: &mut Needles) -> Self {
        let mut recursive = object(needles, MAX_DEPTH - 1);
        let child = Property { name: "child", node: Node::Reference(0), required: false };
        recursive.properties.push(child);
        let plain = node(needles, MAX_DEPTH - 1);
        let mut root = object(needles, 0);
        root.union = needles.random().one_in(8);
        Self { root, definitions: vec![Node::Object(recursive), plain] }
    }
}

fn object(needles: &mut Needles, depth: usize) -> Object {
    let first = needles.random().below(NAMES.len());
    let count = 1 + needles.random().below(4);
    let property = |at: usize| Property {
        name: NAMES[(first + at) % NAMES.len()],
        node: node(needles, depth + 1),
        required: needles.random().one_in(2),
    };
    let properties: Vec<Property> = (0..count).map(property).collect();
    let extra = match needles.random().below(6) {
        0 => Extra::Closed("additionalProperties"),
        1 => Extra::Closed("unevaluatedProperties"),
        2 => Extra::Map(Box::new(node(needles, depth + 1))),
        3 => Extra::Pattern("x-", Box::new(node(needles, depth + 1))),
        _ => Extra::Open,
    };
    let pair = (properties[0].name, properties[count - 1].name);
    let dependent = (count > 1 && needles.random().one_in(4)).then_some(pair);
    Object { properties, extra, dependent, counted: needles.random().one_in(4), union: false }
}

fn node(needles: &mut Needles, depth: usize) -> Node {
    let kinds = if depth < MAX_DEPTH { 15 } else { 9 };
    match needles.random().below(kinds) {
        0 => Node::Any,
        1 => Node::Text { prefix: None, bounded: false, format: None },
        2 => Node::Text { prefix: Some("id-"), bounded: true, format: None },
        3 => Node::Text {
            prefix: None,
            bounded: needles.random().one_in(2),
            format: Some(format(needles)),
        },
        4 => Node::Number { whole: true, multiple_of: needles.random().one_in(2).then_some(3) },
        5 => Node::Number { whole: false, multiple_of: None },
        6 => {
            if needles.random().one_in(3) {
                Node::Boolean
            } else {
                Node::Conditional("if-")
            }
        }
        7 => Node::Choice(literals(needles, 4)),
        8 => Node::Choice(literals(needles, 1)),
        9 => {
            let contains = needles.random().one_in(2);
            let contains = contains.then(|| needles.word(Kind::Schema, "schema contains"));
            let items = if contains.is_some() { Node::Any } else { node(needles, depth + 1) };
            Node::List { items: Box::new(items), contains }
        }
        10 => Node::Tuple((0..3).map(|_| node(needles, depth + 1)).collect()),
        11 => Node::Reference(needles.random().below(2)),
        12 => {
            let keyword = *needles.random().pick(&["anyOf", "oneOf"]);
            Node::Union(keyword, Box::new(Node::Object(object(needles, depth + 1))))
        }
        13 => {
            let literal = needles.value(Kind::Schema, "schema not");
            Node::Not(Box::new(Node::Any), literal)
        }
        _ => Node::Object(object(needles, depth + 1)),
    }
}

fn format(needles: &mut Needles) -> &'static str {
    needles.random().pick::<&str>(&["email", "uri", "date-time", "uuid", "ipv4", "regex"])
}

fn literals(needles: &mut Needles, count: usize) -> Vec<Value> {
    (0..count).map(|_| needles.value(Kind::Schema, "schema literal")).collect()
}
