//! The metrics: durations as they occur, everything else when somebody collects.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry::{InstrumentationScope, KeyValue, global};

use super::settings::Metering;
use crate::capture::losses::{self, Loss};
use crate::event::Name;
use crate::metrics::{BOUNDS_NS, Key, Measured, Metrics};
use crate::semconv::otel;
use crate::telemetry::{Account, COUNTERS, Counter, Kind, OperationKey, operation_attributes};

/// Where the numbers come from; `None` once the watch is gone.
pub(super) type Source = dyn Fn() -> Option<(Metrics, Vec<Account>)> + Send + Sync;

/// The instruments of one watch.
pub(super) struct Meters {
    scope: InstrumentationScope,
    injected: Option<Metering>,
    built: RwLock<Option<Arc<Built>>>,
    source: OnceLock<Arc<Source>>,
    /// Whether anybody has collected: then the provider is a real one, and stays.
    is_read: Arc<AtomicBool>,
}

struct Built {
    /// Kept, so that no other provider gets its address.
    provider: Metering,
    operations: Histogram<f64>,
    sessions: Histogram<f64>,
}

impl Meters {
    pub(super) fn new(scope: InstrumentationScope, injected: Option<Metering>) -> Self {
        Self {
            scope,
            injected,
            built: RwLock::default(),
            source: OnceLock::new(),
            is_read: Arc::default(),
        }
    }

    /// Says where the numbers are, and makes the instruments.
    pub(super) fn serve(&self, source: Arc<Source>) {
        let _ = self.source.set(source);
        self.built();
    }

    pub(super) fn is_read(&self) -> bool {
        self.is_read.load(Relaxed)
    }

    /// Records how long an operation or a session took.
    pub(super) fn record(&self, measured: Measured, duration_ns: u64) {
        let seconds = duration_ns as f64 / 1e9;
        match measured {
            Measured::Nothing => {}
            Measured::Session => self.built().sessions.record(seconds, &[]),
            Measured::Operation(Key { method, target, outcome, code }) => {
                let error_type = outcome.error_type(code);
                let target = target.map(Name::as_str);
                let key = OperationKey { method, target, error_type, code };
                let mut attributes = Vec::with_capacity(5);
                operation_attributes(key, |name, value| {
                    attributes.push(KeyValue::new(name, value));
                });
                self.built().operations.record(seconds, &attributes);
            }
        }
    }

    /// The instruments, made anew when the application has installed another provider.
    fn built(&self) -> Arc<Built> {
        let known = self.built.read().unwrap_or_else(PoisonError::into_inner).clone();
        let is_settled = self.injected.is_some() || self.is_read();
        if let Some(known) = known.as_ref().filter(|_| is_settled) {
            return Arc::clone(known);
        }
        let provider = self.injected.clone().unwrap_or_else(global::meter_provider);
        if let Some(known) = known.filter(|known| Arc::ptr_eq(&known.provider, &provider)) {
            return known;
        }
        let mut built = self.built.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = built.as_ref().filter(|of| Arc::ptr_eq(&of.provider, &provider)) {
            return Arc::clone(known);
        }
        let made = Arc::new(self.build(provider));
        *built = Some(Arc::clone(&made));
        made
    }

    fn build(&self, provider: Metering) -> Built {
        let meter = provider.meter_with_scope(self.scope.clone());
        for counter in COUNTERS {
            self.observe(&meter, counter);
        }
        let histogram = |name| {
            let boundaries = BOUNDS_NS.iter().map(|&bound| bound as f64 / 1e9).collect();
            meter.f64_histogram(name).with_unit("s").with_boundaries(boundaries).build()
        };
        let (operations, sessions) =
            (histogram(otel::OPERATION_DURATION), histogram(otel::SESSION_DURATION));
        Built { provider, operations, sessions }
    }

    fn observe(&self, meter: &Meter, of: &'static Counter) {
        let (source, is_read) = (self.source.get().cloned(), Arc::clone(&self.is_read));
        let points = move || {
            is_read.store(true, Relaxed);
            let read = || {
                let (metrics, accounts) = source.as_ref()?()?;
                Some((of.read)(&metrics, &accounts).into_iter().map(own).collect::<Vec<_>>())
            };
            losses::guarded(Loss::Otel, read).flatten().unwrap_or_default()
        };
        match of.kind {
            Kind::Counter => {
                let read = move |to: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
                    points().iter().for_each(|(labels, count)| to.observe(*count, labels));
                };
                let builder = meter.u64_observable_counter(of.name).with_unit(of.unit);
                builder.with_callback(read).build();
            }
            Kind::UpDown => {
                let read = move |to: &dyn opentelemetry::metrics::AsyncInstrument<i64>| {
                    for (labels, count) in points() {
                        to.observe(i64::try_from(count).unwrap_or(i64::MAX), &labels);
                    }
                };
                let builder = meter.i64_observable_up_down_counter(of.name).with_unit(of.unit);
                builder.with_callback(read).build();
            }
        }
    }
}

fn own((labels, count): (Vec<(&'static str, &str)>, u64)) -> (Vec<KeyValue>, u64) {
    let labels = labels.into_iter().map(|(name, value)| KeyValue::new(name, value.to_owned()));
    #[cfg(feature = "planted-leaks")]
    let labels = labels.chain(
        crate::testing::leak::of(crate::testing::leak::Leak::OtelPoint)
            .map(|text| KeyValue::new("leak", text)),
    );
    (labels.collect(), count)
}
