//! Keeps a panic of somebody else's code from going further.
//!
//! It knows no other module, and counts nothing: who calls it does.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` returns; `None` when it panics.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(discard).ok()
}

/// A panic's payload is a value of the author's as well, which may panic when it is dropped. What
/// that panic carries is left alone: a few bytes are lost, and nothing else.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_is_contained() {
        assert_eq!(contain(|| 7), Some(7));
        assert_eq!(contain(|| -> u32 { std::panic::panic_any(Bomb) }), None);
    }
}
