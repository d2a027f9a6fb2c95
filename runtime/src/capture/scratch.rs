//! Buffers that a thread keeps from call to call, so that a call allocates nothing for them.

use std::cell::Cell;

use crate::event::{Arguments, FieldShape};

/// What a thread keeps of the buffer; one huge call must not hold its memory for ever.
const MAX_KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static FIELDS: Cell<Vec<FieldShape>> = const { Cell::new(Vec::new()) };
}

/// Lends the thread's buffer. A nested call gets a fresh one.
pub(crate) fn with<T>(work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    let result = work(&mut buffer);
    buffer.clear();
    buffer.shrink_to(MAX_KEPT_BYTES);
    let _ = BUFFER.try_with(|kept| kept.set(buffer));
    result
}

impl Arguments {
    /// Empty arguments that reuse the list of a recycled event.
    pub(crate) fn pooled() -> Self {
        Self {
            fields: FIELDS.try_with(Cell::take).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Keeps the list of fields for this thread's next call.
    pub(crate) fn recycle(self) {
        let mut fields = self.fields;
        fields.clear();
        let _ = FIELDS.try_with(|kept| kept.set(fields));
    }
}
