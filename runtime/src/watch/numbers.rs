//! Everything about a watch that is a number, for exporters that ask now and then.

use std::sync::{Arc, Weak};

use super::Active;
use super::active::Inner;
use crate::capture::losses;
use crate::metrics::Metrics;
use crate::spool::Stats;

/// The numbers by now.
pub(crate) struct Numbers {
    pub(crate) metrics: Metrics,
    /// The account of each destination, by its name.
    pub(crate) destinations: Vec<(String, Stats)>,
    /// What capture has left out because code that it called panicked.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "nobody else shows it"))]
    pub(crate) capture_faults: u64,
}

impl Active {
    /// The numbers by whenever they are asked for. They do not keep the watch.
    pub(super) fn source(&self) -> Arc<dyn Fn() -> Option<Numbers> + Send + Sync> {
        let weak: Weak<Inner> = Arc::downgrade(&self.0);
        Arc::new(move || weak.upgrade().map(|inner| inner.numbers()))
    }
}

impl Inner {
    pub(super) fn numbers(&self) -> Numbers {
        Numbers {
            metrics: self.registry.snapshot(),
            destinations: self
                .lanes
                .iter()
                .map(|lane| (lane.destination_name(), lane.stats()))
                .collect(),
            capture_faults: losses::total(),
        }
    }
}
