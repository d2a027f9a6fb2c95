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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Arguments;

    #[test]
    fn the_list_of_a_recycled_event_serves_the_next_one() {
        let mut event = crate::event::encode::tests::plain();
        let fields = reused_fields(64);
        let place = fields.as_ptr();
        event.arguments = Some(Arguments { fields, ..Arguments::default() });
        recycle(event);
        let next = reused_fields(64);
        assert!(next.is_empty() && next.as_ptr() == place);
    }
}
