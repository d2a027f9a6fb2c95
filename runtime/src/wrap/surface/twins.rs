//! Schemas that are equal to one that is known, by their address, so that they need not be compared
//! again: rmcp makes the schema of a type once on each thread.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rmcp::model::JsonObject;

/// How many are remembered of one tool: more than most servers have threads. The oldest gives way.
const MAX_TWINS: usize = 32;

/// The addresses of schemas that are equal to one. A `Weak` keeps the address taken and not the
/// schema, so an address never comes to mean another one.
#[derive(Debug, Default)]
pub(super) struct Twins(Mutex<Vec<Weak<JsonObject>>>);

impl Twins {
    /// Whether this very `Arc` was noted as equal.
    pub(super) fn has(&self, schema: &Arc<JsonObject>) -> bool {
        let twins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        twins.iter().any(|twin| std::ptr::eq(twin.as_ptr(), Arc::as_ptr(schema)))
    }

    /// Notes an `Arc` as equal.
    pub(super) fn add(&self, schema: &Arc<JsonObject>) {
        let mut twins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        twins.retain(|twin| twin.strong_count() > 0);
        if twins.len() == MAX_TWINS {
            twins.remove(0);
        }
        twins.push(Arc::downgrade(schema));
    }
}

#[cfg(test)]
mod tests {
    //! Addresses, and a bound.

    use super::*;

    #[test]
    fn a_twin_is_known_by_its_address_and_lives_no_longer_for_it() {
        let twins = Twins::default();
        let schema = Arc::new(JsonObject::new());
        twins.add(&schema);
        assert!(twins.has(&schema));
        assert!(!twins.has(&Arc::new(JsonObject::new())));
        let gone = Arc::downgrade(&schema);
        drop(schema);
        assert!(gone.upgrade().is_none());
        twins.add(&Arc::new(JsonObject::new()));
        assert_eq!(twins.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn twins_are_bounded_and_the_latest_are_known() {
        let twins = Twins::default();
        let schemas: Vec<_> = (0..=MAX_TWINS).map(|_| Arc::new(JsonObject::new())).collect();
        schemas.iter().for_each(|schema| twins.add(schema));
        assert_eq!(twins.0.lock().unwrap().len(), MAX_TWINS);
        assert!(!twins.has(&schemas[0]));
        assert!(schemas[1..].iter().all(|schema| twins.has(schema)));
    }
}
