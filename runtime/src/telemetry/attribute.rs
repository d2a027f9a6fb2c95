//! Attributes, wherever they are written to.

use super::Node;

/// How deep members of an event are followed; they are at most three deep.
const MAX_DEPTH: usize = 4;

/// Takes attributes.
pub(crate) trait Attributes {
    fn text(&mut self, name: &str, text: &str);
    fn bool(&mut self, name: &str, is_so: bool);
    fn int(&mut self, name: &str, number: i64);
    fn double(&mut self, name: &str, number: f64);
    fn texts(&mut self, name: &str, texts: &[&str]);

    /// A member of an event when it is there: a scalar, or a list of texts.
    fn member(&mut self, name: &str, member: &Node<'_>) {
        match member {
            Node::Text(text) => self.text(name, text),
            Node::Bool(is_so) => self.bool(name, *is_so),
            Node::Int(number) => self.int(name, *number),
            Node::Double(number) => self.double(name, *number),
            Node::List(items) => {
                let texts: Vec<_> = items.iter().filter_map(Node::as_str).collect();
                self.texts(name, &texts);
            }
            Node::Null | Node::Members(_) => {}
        }
    }
}

/// The name of an attribute, which grows and is cut in place: an event has some fifty of them.
pub(super) struct Path(String);

impl Path {
    pub(super) fn new(root: &str) -> Self {
        let mut path = String::with_capacity(64);
        path.push_str(root);
        Self(path)
    }

    /// Does something with the path of what lies below this.
    pub(super) fn with(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        let len = self.0.len();
        self.0.push('.');
        self.0.push_str(name);
        act(self);
        self.0.truncate(len);
    }

    /// Tells one member below this.
    pub(super) fn member(&mut self, to: &mut impl Attributes, name: &str, member: &Node<'_>) {
        if *member != Node::Null {
            self.with(name, |path| to.member(&path.0, member));
        }
    }

    /// Tells a member below this and every member below it.
    pub(super) fn members(&mut self, to: &mut impl Attributes, name: &str, member: &Node<'_>) {
        self.with(name, |path| path.all(to, member, MAX_DEPTH));
    }

    fn all(&mut self, to: &mut impl Attributes, member: &Node<'_>, depth: usize) {
        match member {
            Node::Members(members) if depth > 0 => {
                for (name, member) in members {
                    self.with(name, |path| path.all(to, member, depth - 1));
                }
            }
            scalar => to.member(&self.0, scalar),
        }
    }
}
