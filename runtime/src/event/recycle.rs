//! Events and their lists of fields go from call to call, so that a call allocates neither.

use std::cell::Cell;

use super::{
    Caller, Event, EventId, EventType, FieldShape, Name, Outcome, Signals, Timestamp, Trace,
};

thread_local! {
    static EVENT: Cell<Option<Box<Event>>> = const { Cell::new(None) };
    static FIELDS: Cell<Vec<FieldShape>> = const { Cell::new(Vec::new()) };
}

/// An event in which nothing is known yet, to be filled in place: events are large, and a call that
/// hands them on by value copies them many times over.
pub(crate) fn reused() -> Box<Event> {
    let kept = EVENT.try_with(Cell::take).ok().flatten();
    kept.unwrap_or_else(|| Box::new(blank()))
}

/// Gives the buffers of an event back for this thread's next one.
pub(crate) fn recycle(mut event: Box<Event>) {
    if let Some(arguments) = event.arguments.take() {
        let mut fields = arguments.fields;
        fields.clear();
        let _ = FIELDS.try_with(|kept| kept.set(fields));
    }
    *event = blank();
    let _ = EVENT.try_with(|kept| kept.set(Some(event)));
}

/// An empty list with room for so many fields, reused when there is one.
pub(crate) fn reused_fields(capacity: usize) -> Vec<FieldShape> {
    let mut fields = FIELDS.try_with(Cell::take).unwrap_or_default();
    fields.reserve(capacity);
    fields
}

fn blank() -> Event {
    Event {
        id: EventId([0; 16]),
        event_type: EventType::ToolCall,
        name: Name::from_static("_unknown"),
        method: "tools/call",
        tags: &[],
        more_tags: Vec::new(),
        properties: Vec::new(),
        request_id: None,
        is_continuation: false,
        started: Timestamp(0),
        duration_ns: 0,
        queue_ns: 0,
        trace: Trace {
            trace_id: [0; 16],
            span_id: [0; 8],
            parent_span_id: None,
            is_sampled: true,
            link: None,
        },
        outcome: Outcome::Dropped,
        caller: Caller::default(),
        arguments: None,
        result: None,
        failure: None,
        intent: None,
        signals: Signals { error_run: 0, ping_pong: 0, is_loop: false },
        opaque: None,
        detail: None,
        weight: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Arguments;

    #[test]
    fn the_list_of_a_recycled_event_serves_the_next_one() {
        let mut event = Box::new(crate::event::encode::tests::plain());
        let fields = reused_fields(64);
        let place = fields.as_ptr();
        event.arguments = Some(Arguments { fields, ..Arguments::default() });
        recycle(event);
        let next = reused_fields(64);
        assert!(next.is_empty() && next.as_ptr() == place);
    }

    #[test]
    fn a_recycled_event_knows_nothing_of_the_one_before() {
        recycle(Box::new(crate::event::encode::tests::plain()));
        assert_eq!(format!("{:?}", reused()), format!("{:?}", blank()));
    }
}
