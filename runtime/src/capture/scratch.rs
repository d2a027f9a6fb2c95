//! A buffer that a thread keeps from call to call, so that a call allocates nothing for it.

use std::cell::Cell;

/// What a thread keeps of the buffer; one huge call must not hold its memory for ever.
const MAX_KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
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
