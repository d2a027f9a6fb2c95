//! Tools that are never captured, known to whoever sees them listed.
//!
//! `#[watched_tool(skip)]` leaves the fn and its calls alone. Only the expression of its input
//! schema goes through here, so that a wrapper around the whole server can tell the tool apart.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::JsonObject;

use super::registry::{self, Registered};

/// How many schemas of one tool are known: a generic server has one for each set of parameters.
/// Only a schema that is another on every listing reaches the bound, and then the latest are known.
const MAX_SCHEMAS: usize = 256;

/// The place of one `#[watched_tool(skip)]` in the source.
pub struct SkippedSite {
    schemas: Mutex<VecDeque<Arc<JsonObject>>>,
}

impl SkippedSite {
    /// Declares a site.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only the expansion makes one")]
    pub const fn new() -> Self {
        Self { schemas: Mutex::new(VecDeque::new()) }
    }

    /// The schema to advertise: equal to the tool's own, and the same `Arc` on every listing.
    ///
    /// Schemas are told apart by what they hold and not by the server type, because a fn without a
    /// receiver need not stand in an impl block.
    #[must_use]
    pub fn input_schema(&self, schema: Arc<JsonObject>) -> Arc<JsonObject> {
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = schemas.iter().find(|known| *known == &schema) {
            return Arc::clone(known);
        }
        let schema = registry::unshared(schema);
        registry::register(&schema, Registered::Skipped);
        if schemas.len() == MAX_SCHEMAS
            && let Some(oldest) = schemas.pop_front()
        {
            registry::forget(&oldest);
        }
        schemas.push_back(Arc::clone(&schema));
        schema
    }
}

#[cfg(test)]
mod tests {
    //! One `Arc` per schema, and a bound.

    use serde_json::json;

    use super::*;

    fn schema(number: usize) -> Arc<JsonObject> {
        Arc::new(JsonObject::from_iter([("maxProperties".to_owned(), json!(number))]))
    }

    fn is_skipped(schema: &Arc<JsonObject>) -> bool {
        matches!(registry::find(schema), Some(Registered::Skipped))
    }

    #[test]
    fn a_skipped_tool_lists_an_equal_schema_in_the_same_arc_every_time() {
        let (one, other) = (SkippedSite::new(), SkippedSite::new());
        let shared = schema(1);
        let first = one.input_schema(Arc::clone(&shared));
        assert_eq!(first, shared);
        assert!(Arc::ptr_eq(&first, &one.input_schema(schema(1))));
        assert!(!Arc::ptr_eq(&first, &other.input_schema(Arc::clone(&shared))));
        assert!(is_skipped(&first) && !is_skipped(&shared));
    }

    #[test]
    fn schemas_of_one_site_are_bounded_and_the_latest_are_known() {
        let site = SkippedSite::new();
        let listed: Vec<_> =
            (0..=MAX_SCHEMAS).map(|number| site.input_schema(schema(number))).collect();
        assert_eq!(site.schemas.lock().unwrap().len(), MAX_SCHEMAS);
        assert!(!is_skipped(&listed[0]));
        assert!(listed[1..].iter().all(is_skipped));
    }
}
