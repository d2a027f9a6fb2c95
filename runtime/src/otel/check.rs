//! Whether anything comes of it.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What became of the spans or the metrics of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtelState {
    /// The watch makes none.
    Off,
    /// Nothing is known yet. Of metrics this is said until a reader has collected them, as the
    /// periodic one of the SDK does every 60 s.
    Unproven,
    /// The provider is a no-op, or was shut down: nothing comes of them.
    NoOp,
    /// The provider takes them.
    Works,
}

/// What [`Watch::otel_check`](crate::Watch::otel_check) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtelCheck {
    /// Of spans.
    pub spans: OtelState,
    /// Of metrics.
    pub metrics: OtelState,
}

impl OtelCheck {
    pub(crate) const OFF: Self = Self { spans: OtelState::Off, metrics: OtelState::Off };
}

/// What an operator is told, once.
pub(crate) const NO_OP: &str = "OpenTelemetry is on, and its tracer provider is a no-op: no span is made. Install a provider \
     (opentelemetry::global::set_tracer_provider) before the server starts, or hand one to \
     Otel::tracer_provider. If there is one, it is of another version of the crate opentelemetry \
     than toolwatch's: `cargo tree -i opentelemetry` names them, and toolwatch::opentelemetry is the \
     one that counts";

/// A state that threads share.
pub(super) struct Known(AtomicU8);

const STATES: [OtelState; 4] =
    [OtelState::Off, OtelState::Unproven, OtelState::NoOp, OtelState::Works];

impl Known {
    pub(super) const fn new(state: OtelState) -> Self {
        Self(AtomicU8::new(state as u8))
    }

    pub(super) fn get(&self) -> OtelState {
        let state = STATES.get(usize::from(self.0.load(Relaxed)));
        state.copied().unwrap_or(OtelState::Unproven)
    }

    /// Most calls change nothing, and then no other thread's cache is disturbed.
    pub(super) fn set(&self, state: OtelState) {
        if self.0.load(Relaxed) != state as u8 {
            self.0.store(state as u8, Relaxed);
        }
    }
}
