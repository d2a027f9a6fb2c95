//! An event for whoever subscribes to `tracing`.

use crate::event::{self, Event, RequestKey, printable};

/// Hands it over, within the call.
pub(super) fn trace(event: &Event) {
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of(crate::testing::leak::Leak::StructuredLog) {
        tracing::info!(target: "toolwatch::call", argument = text);
    }
    let timestamp = event::time_text(event.started.0);
    let id = event.request_id.map(|id| match id {
        RequestKey::Number(number) => number.to_string(),
        RequestKey::Hash(hash) => format!("{hash:016x}"),
    });
    let error = event::error_of(event);
    macro_rules! emit {
        ($level:ident) => {
            tracing::$level!(
                target: "toolwatch::call",
                event = event.event_type.as_str(),
                tool = &*printable(event.name.as_str()),
                request_id = id.as_deref(),
                // Microseconds are as fine as a duration between two tasks means anything.
                duration_ms = (event.duration_ns / 1_000) as f64 / 1e3,
                status = event.outcome.as_str(),
                error,
                // ASCII.
                timestamp = std::str::from_utf8(&timestamp).unwrap_or_default(),
            )
        };
    }
    if error.is_some() { emit!(warn) } else { emit!(info) }
}
