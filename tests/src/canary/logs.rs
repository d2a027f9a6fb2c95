//! Everything that toolwatch says through `tracing`, at every level.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The lines so far.
static LINES: Mutex<String> = Mutex::new(String::new());

struct Collector;

/// Begins to collect, once per process.
///
/// # Panics
///
/// When another subscriber was installed first: the suite would search nothing.
pub fn collect() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        tracing::subscriber::set_global_default(Collector)
            .expect("the only subscriber of the process");
    });
}

/// Takes the lines that were collected.
pub fn take() -> String {
    std::mem::take(&mut *lines())
}

fn lines() -> MutexGuard<'static, String> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").ok();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        target == "toolwatch" || target.starts_with("toolwatch::")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        lines().push_str(span.metadata().name());
        span.record(&mut Line(&mut lines()));
        lines().push('\n');
        Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut lines()));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut lines = lines();
        event.record(&mut Line(&mut lines));
        lines.push('\n');
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}
