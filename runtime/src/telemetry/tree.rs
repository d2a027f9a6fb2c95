//! An event as it would be read, made without writing it.

use std::borrow::Cow;

use super::Node;
use crate::event::{self, Event, EventId, Key, Out, Tag};

/// The event as [`Node::read`] reads it once it is encoded, but for when it started and ended, which
/// an open span knows by itself.
pub(crate) fn node<'e>(event: &'e Event, tags: &'e [Tag]) -> Node<'e> {
    let mut tree = Tree::default();
    event::write(event, tags, &mut tree);
    tree.root
}

/// Collects what an event writes.
#[derive(Default)]
struct Tree<'e> {
    root: Node<'e>,
    /// Objects and lists that have not ended, each under its own name.
    open: Vec<(Cow<'e, str>, Node<'e>)>,
    /// The name of what comes next.
    key: Cow<'e, str>,
}

impl<'e> Tree<'e> {
    fn put(&mut self, node: Node<'e>) {
        let key = std::mem::take(&mut self.key);
        match self.open.last_mut() {
            Some((_, Node::Members(members))) => members.push((key, node)),
            Some((_, Node::List(items))) => items.push(node),
            _ => self.root = node,
        }
    }

    fn begin(&mut self, node: Node<'e>) {
        self.open.push((std::mem::take(&mut self.key), node));
    }

    fn end(&mut self) {
        if let Some((key, node)) = self.open.pop() {
            self.key = key;
            self.put(node);
        }
    }
}

impl<'e> Out<'e> for Tree<'e> {
    fn open(&mut self) {
        self.begin(Node::Members(Vec::with_capacity(16)));
    }

    fn close(&mut self) {
        self.end();
    }

    fn open_list(&mut self) {
        self.begin(Node::List(Vec::new()));
    }

    fn close_list(&mut self) {
        self.end();
    }

    fn key(&mut self, key: Key) {
        self.key = Cow::Borrowed(key.name);
    }

    fn foreign_key(&mut self, key: &'e str) {
        self.key = Cow::Borrowed(key);
    }

    fn string(&mut self, text: &'e str) {
        self.put(Node::Text(Cow::Borrowed(text)));
    }

    fn natural(&mut self, number: u64) {
        self.put(i64::try_from(number).map_or(Node::Double(number as f64), Node::Int));
    }

    fn integer(&mut self, number: i64) {
        self.put(Node::Int(number));
    }

    fn double(&mut self, number: f64) {
        // As JSON without a fraction is read.
        let whole = number as i64;
        self.put(if whole as f64 == number { Node::Int(whole) } else { Node::Double(number) });
    }

    fn bool(&mut self, value: bool) {
        self.put(Node::Bool(value));
    }

    fn hex_digits<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.put(Node::Text(event::hex_text(bytes).into()));
    }

    fn uuid(&mut self, bytes: [u8; 16]) {
        self.put(Node::Text(EventId(bytes).to_string().into()));
    }

    fn millis(&mut self, _: Key, _: u64) {}

    fn time(&mut self, _: Key, _: u64) {}

    fn item(&mut self, text: &'e str) {
        self.string(text);
    }
}

#[cfg(test)]
mod tests;
