//! Arguments for a generated schema: valid, or invalid in one chosen way, with a needle in every
//! string, number and undeclared key.
//!
//! Every place at which arguments can go wrong has a number. [`write()`] breaks the one it is asked
//! to break and says which keyword that was; a number that no place has leaves them valid.

use serde_json::{Map, Number, Value, json};

use super::needle::{Kind, Needles};
use super::schema::{Extra, Node, Object, Property, Schema};

/// How deep references are followed.
const MAX_DEPTH: usize = 7;

/// Generated arguments.
pub struct Written {
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// The keyword that they break.
    pub broken: Option<&'static str>,
    /// How many places could have been broken.
    pub places: usize,
}

/// Writes arguments that break the place with this number.
pub fn write(schema: &Schema, place: Option<usize>, tool: &str, needles: &mut Needles) -> Written {
    let target = place.unwrap_or(usize::MAX);
    let path = vec![tool.to_owned()];
    let mut writer = Writer { needles, schema, path, next: 0, target, broken: None };
    let arguments = writer.object(&schema.root, 0);
    Written { arguments, broken: writer.broken, places: writer.next }
}

struct Writer<'a> {
    needles: &'a mut Needles,
    schema: &'a Schema,
    path: Vec<String>,
    next: usize,
    target: usize,
    broken: Option<&'static str>,
}

impl Writer<'_> {
    /// Whether this place is the one to break.
    fn breaks(&mut self, keyword: &'static str) -> bool {
        let breaks = self.next == self.target;
        self.next += 1;
        if breaks {
            self.broken = Some(keyword);
        }
        breaks
    }

    fn place(&self, what: &str) -> String {
        let broken = self.broken.unwrap_or("valid");
        format!("{what} at {} ({broken})", self.path.join("."))
    }

    fn within<T>(&mut self, step: &str, write: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.to_owned());
        let written = write(self);
        self.path.pop();
        written
    }

    fn text(&mut self) -> Value {
        let place = self.place("text");
        self.needles.text(Kind::Argument, &place).into()
    }

    fn word(&mut self, before: &str, after: &str) -> Value {
        let place = self.place("text");
        self.needles.word_within(Kind::Argument, &place, before, after).into()
    }

    fn anything(&mut self) -> Value {
        let place = self.place("value");
        self.needles.value(Kind::Argument, &place)
    }

    fn whole(&mut self, digits: u32, divisor: i64, rest: i64) -> i64 {
        let place = self.place("number");
        self.needles.integer_of(Kind::Argument, &place, digits, divisor, rest)
    }

    fn key(&mut self, before: &str) -> String {
        let place = self.place("key");
        if before.is_empty() && self.needles.random().one_in(2) {
            return self.needles.text(Kind::Argument, &place);
        }
        self.needles.word_within(Kind::Argument, &place, before, "")
    }

    fn value(&mut self, node: &Node, depth: usize) -> Value {
        match node {
            Node::Any => self.anything(),
            Node::Text { prefix, bounded, format } => self.string(*prefix, *bounded, *format),
            Node::Number { whole: true, multiple_of } => self.integer(*multiple_of),
            Node::Number { whole: false, .. } => self.float(),
            Node::Boolean if self.breaks("type") => self.text(),
            Node::Boolean => true.into(),
            Node::Choice(values) => self.choice(values),
            Node::List { items, contains } => self.list(items, contains.as_deref(), depth),
            Node::Tuple(nodes) => self.tuple(nodes, depth),
            Node::Object(_) | Node::Reference(_) if depth > MAX_DEPTH => Value::Null,
            Node::Object(_) if self.breaks("type") => self.text(),
            Node::Object(object) => Value::Object(self.object(object, depth)),
            Node::Reference(_) if self.breaks("$ref") => json!([self.text()]),
            Node::Reference(at) => self.value(&self.schema.definitions[*at], depth + 1),
            Node::Union(keyword, _) if self.breaks(keyword) => json!([self.text()]),
            Node::Union(_, other) => match self.needles.random().below(3) {
                0 => self.word("id-", ""),
                1 => self.whole(12, 1, 0).into(),
                _ => self.value(other, depth + 1),
            },
            Node::Not(_, literal) if self.breaks("not") => literal.clone(),
            Node::Not(node, _) if self.breaks("allOf") => {
                json!({ self.key(""): self.value(node, depth + 1) })
            }
            Node::Not(node, _) => self.value(node, depth + 1),
            Node::Conditional(_) if self.breaks("then") => self.text(),
            Node::Conditional(_) if self.breaks("else") => self.whole(12, 1, 0).into(),
            Node::Conditional(prefix) => self.word(prefix, ""),
        }
    }

    fn string(&mut self, prefix: Option<&str>, bounded: bool, format: Option<&str>) -> Value {
        let prefix = prefix.unwrap_or_default();
        if self.breaks("type") {
            return match self.needles.random().below(3) {
                0 => self.whole(13, 1, 0).into(),
                1 => json!({ self.key(""): self.text() }),
                _ => json!([self.text(), null]),
            };
        }
        if !prefix.is_empty() && self.breaks("pattern") {
            return self.word("no-", "-pattern");
        }
        if bounded && self.breaks("minLength") {
            return self.word("", "");
        }
        if bounded && self.breaks("maxLength") {
            return self.word(prefix, &"ä".repeat(60));
        }
        if format.is_some() && self.breaks("format") {
            return self.word(&format!("{prefix}not a format "), "");
        }
        match format {
            Some("email") => self.word("padded.", "@example.invalid"),
            Some("uri") => self.word("https://example.invalid/?token=", ""),
            Some(_) => self.word("a-valid-enough-", ""),
            None if prefix.is_empty() && !bounded => self.text(),
            None => self.word(prefix, "-padding"),
        }
    }

    fn integer(&mut self, multiple_of: Option<i64>) -> Value {
        let multiple = multiple_of.unwrap_or(1);
        if self.breaks("type") {
            return if self.needles.random().one_in(2) { self.text() } else { self.fraction() };
        }
        if self.breaks("minimum") {
            return (-self.whole(12, multiple, 0)).into();
        }
        if self.breaks("maximum") {
            return self.whole(15, multiple, 0).into();
        }
        if multiple_of.is_some() && self.breaks("multipleOf") {
            return self.whole(12, multiple, 1).into();
        }
        let digits = 12 + self.needles.random().below(3) as u32;
        self.whole(digits, multiple, 0).into()
    }

    fn float(&mut self) -> Value {
        if self.breaks("type") {
            return self.text();
        }
        if self.breaks("exclusiveMinimum") {
            return (-self.whole(12, 1, 0)).into();
        }
        if self.breaks("exclusiveMaximum") {
            return self.whole(15, 1, 0).into();
        }
        self.fraction()
    }

    fn fraction(&mut self) -> Value {
        let place = self.place("number");
        let value = self.needles.float(Kind::Argument, &place);
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }

    fn choice(&mut self, values: &[Value]) -> Value {
        if self.breaks(if values.len() == 1 { "const" } else { "enum" }) {
            return self.anything();
        }
        self.needles.random().pick(values).clone()
    }

    fn list(&mut self, items: &Node, contains: Option<&str>, depth: usize) -> Value {
        if self.breaks("type") {
            return json!({ self.key(""): self.text() });
        }
        if self.breaks("minItems") {
            return json!([]);
        }
        let too_many = self.breaks("maxItems");
        let count = if too_many { 6 } else { 1 + self.needles.random().below(3) };
        let mut list: Vec<Value> = (0..count)
            .map(|at| self.within(&at.to_string(), |writer| writer.value(items, depth + 1)))
            .collect();
        if self.breaks("uniqueItems") {
            list.push(list[0].clone());
        }
        match contains {
            Some(_) if self.breaks("contains") => list.push(self.text()),
            Some(literal) => list.push(literal.into()),
            None => {}
        }
        list.into()
    }

    fn tuple(&mut self, nodes: &[Node], depth: usize) -> Value {
        if self.breaks("prefixItems") {
            return json!([[[self.text()]], { self.key(""): self.text() }, [[self.text()]]]);
        }
        let mut list: Vec<Value> = nodes.iter().map(|node| self.value(node, depth + 1)).collect();
        if self.breaks("items") {
            list.push(self.text());
        }
        list.into()
    }

    fn object(&mut self, object: &Object, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        if object.counted && self.breaks("minProperties") {
            return members;
        }
        for property in &object.properties {
            self.property(property, depth, &mut members);
        }
        self.extra(object, depth, &mut members);
        if object.counted && self.breaks("maxProperties") {
            let more: Vec<_> = (0..31).map(|_| (self.key("x-"), self.anything())).collect();
            members.extend(more);
        }
        if let Some((first, second)) = object.dependent
            && self.breaks("dependentRequired")
        {
            members.remove(second);
            members.entry(first).or_insert(Value::Null);
        }
        members
    }

    fn property(&mut self, property: &Property, depth: usize, members: &mut Map<String, Value>) {
        let is_deep = depth >= MAX_DEPTH || (property.name == "child" && depth > 2);
        let is_absent = if property.required {
            self.breaks("required")
        } else {
            is_deep || self.needles.random().one_in(3)
        };
        if !is_absent {
            let value =
                self.within(property.name, |writer| writer.value(&property.node, depth + 1));
            members.insert(property.name.to_owned(), value);
        }
    }

    fn extra(&mut self, object: &Object, depth: usize, members: &mut Map<String, Value>) {
        match &object.extra {
            Extra::Closed(keyword) if self.breaks(keyword) => {
                members.insert(self.key(""), self.anything());
            }
            Extra::Open if self.needles.random().one_in(2) => {
                members.insert(self.key(""), self.anything());
            }
            Extra::Map(node) => {
                for _ in 0..=self.needles.random().below(2) {
                    let key = self.key("");
                    members.insert(key, self.within("*", |writer| writer.value(node, depth + 1)));
                }
            }
            Extra::Pattern(_, _) if self.breaks("propertyNames") => {
                let place = self.place("key");
                let long = self.needles.word_within(Kind::Argument, &place, "y", &"y".repeat(40));
                members.insert(long, self.anything());
            }
            Extra::Pattern(prefix, node) => {
                let key = self.key(prefix);
                members.insert(key, self.within("x-*", |writer| writer.value(node, depth + 1)));
            }
            Extra::Open | Extra::Closed(_) => {}
        }
    }
}
