//! The list of fields goes from event to event, so that a call allocates none.

use std::cell::Cell;

use super::{Event, FieldShape};

thread_local! {
    static FIELDS: Cell<Vec<FieldShape>> = const { Cell::new(Vec::new()) };
}

/// Gives the buffers of an event back for this thread's next one.
pub(crate) fn recycle(event: Event) {
    let Some(arguments) = event.arguments else { return };
    let mut fields = arguments.fields;
    fields.clear();
    let _ = FIELDS.try_with(|kept| kept.set(fields));
}

/// An empty list with room for so many fields, reused when there is one.
pub(crate) fn reused_fields(capacity: usize) -> Vec<FieldShape> {
    let mut fields = FIELDS.try_with(Cell::take).unwrap_or_default();
    fields.reserve(capacity);
    fields
}
