//! Keeps the panics of tools out of the suite's own output.

use std::sync::Once;

/// The name of the threads whose panics are on purpose.
pub const QUIET: &str = "canary-tools";

/// From now on panics of those threads print nothing.
#[expect(clippy::disallowed_methods, reason = "the process belongs to the suite")]
pub fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(QUIET) {
                usual(panic);
            }
        }));
    });
}
