//! Which advertised tools the attribute knows, by the address of their input schema.
//!
//! A wrapper around a whole server sees tools as rmcp lists them: a name, which several servers of
//! one process may share, and an input schema behind an `Arc`. The attribute hands rmcp an `Arc` of
//! its own for every tool, so the address of that `Arc` names the tool. A row keeps its `Arc` for
//! the life of the process, so an address never comes to mean another schema.
//!
//! The size is bounded by the program: two rows for each watched tool and server type, and the
//! [bound of a skipped tool](super::skipped) for each of those.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rmcp::model::JsonObject;

use super::Entry;

/// What the attribute says of a tool.
#[derive(Clone, Copy)]
pub(crate) enum Registered {
    /// The tool records its calls by this entry.
    Watched(&'static Entry),
    /// The tool is never captured: `#[watched_tool(skip)]`.
    Skipped,
}

struct Row {
    registered: Registered,
    /// Keeps the address taken.
    _schema: Arc<JsonObject>,
}

static ROWS: LazyLock<RwLock<HashMap<usize, Row>>> = LazyLock::new(RwLock::default);

fn address(schema: &Arc<JsonObject>) -> usize {
    Arc::as_ptr(schema).addr()
}

/// An `Arc` around the same schema that nobody else has.
///
/// rmcp hands the same `Arc` to all tools without parameters and to all tools with the same
/// parameters, so that its address would not name one of them.
pub(super) fn unshared(schema: Arc<JsonObject>) -> Arc<JsonObject> {
    Arc::new(Arc::unwrap_or_clone(schema))
}

/// Says of the tools that advertise this very `Arc` what the attribute says.
pub(super) fn register(schema: &Arc<JsonObject>, registered: Registered) {
    let row = Row { registered, _schema: Arc::clone(schema) };
    ROWS.write().unwrap_or_else(PoisonError::into_inner).insert(address(schema), row);
}

/// Forgets a schema, after which it may go.
pub(super) fn forget(schema: &Arc<JsonObject>) {
    ROWS.write().unwrap_or_else(PoisonError::into_inner).remove(&address(schema));
}

/// What the attribute says of the tool that advertises this schema; `None` when it knows nothing.
pub(crate) fn find(schema: &Arc<JsonObject>) -> Option<Registered> {
    let rows = ROWS.read().unwrap_or_else(PoisonError::into_inner);
    rows.get(&address(schema)).map(|row| row.registered)
}

/// Every tool with the attribute that was listed or routed so far, each once.
pub(crate) fn entries() -> Vec<&'static Entry> {
    let rows = ROWS.read().unwrap_or_else(PoisonError::into_inner);
    let watched = rows.values().filter_map(|row| match row.registered {
        Registered::Watched(entry) => Some((std::ptr::from_ref(entry).addr(), entry)),
        Registered::Skipped => None,
    });
    watched.collect::<HashMap<_, _>>().into_values().collect()
}

#[cfg(test)]
mod tests;
