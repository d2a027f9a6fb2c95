//! Writes an event once, as JSON by hand.

use super::Event;

/// What all events of one watch have in common. It is written once per spool segment and spliced
/// into each event on the way out.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// The name of the watched server.
    pub(crate) server_name: String,
    /// The version of the watched server.
    pub(crate) server_version: String,
}

/// Appends the event to `out` as one JSON object.
pub(crate) fn encode(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(
        format!(
            "{{\"event_id\":\"{}\",\"event_name\":\"{}\",\"outcome\":\"{}\"}}",
            event.id,
            event.name,
            event.outcome.as_str()
        )
        .as_bytes(),
    );
}

impl Common {
    pub(crate) fn fragment(&self) -> Vec<u8> { Vec::new() }
}
