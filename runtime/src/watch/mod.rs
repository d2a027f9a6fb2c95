//! The watch: what an author configures once and then forgets.
//!
//! A [`Watch`] owns the settings, the install key and the delivery path of one server. It is cheap
//! to clone. A watch that is off holds nothing: no file, no thread, no memory.

mod active;
mod agentcat;
mod builder;
mod describe;
mod ending;
mod environment;
mod hooks;
mod ingest;
mod install;
mod lanes;
mod merge;
#[cfg(any(feature = "prometheus", feature = "otel"))]
mod numbers;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(not(feature = "otlp"))]
#[path = "no_otlp.rs"]
mod otlp;
#[cfg(feature = "prometheus")]
mod outlets;
mod readers;
mod record;
mod scope;
mod settings;
mod tags;
#[cfg(test)]
mod tests;

pub(crate) use crate::sender::Begun;
pub(crate) use active::{Active, any_enabled};
pub use builder::WatchBuilder;
use ending::Ending;
pub(crate) use hooks::Identifying;
pub use hooks::{FieldInfo, IdentityLevel};
pub use install::Installed;
#[cfg(feature = "prometheus")]
pub(crate) use numbers::Numbers;
pub use scope::IntentScope;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::capture::losses;
use crate::destination::Quota;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::spool::{Delivery, Stats};

/// Observes the calls of one MCP server.
///
/// ```
/// use toolwatch::Watch;
///
/// # fn main() -> Result<(), toolwatch::Error> {
/// # let home = tempfile::tempdir().unwrap();
/// let directory = home.path().join("watch");
/// let watch = Watch::builder().server("docs", "1.0.0").local().directory(&directory).build()?;
/// assert!(watch.is_enabled());
/// let delivery = watch.shutdown(std::time::Duration::from_millis(100));
/// assert_eq!(delivery.dropped, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Watch(Option<Active>);

impl Watch {
    /// Starts a configuration. What it leaves unset is taken from the `TOOLWATCH_*` variables.
    pub fn builder() -> WatchBuilder {
        WatchBuilder::new()
    }

    /// Builds a watch from the `TOOLWATCH_*` variables alone.
    ///
    /// With nothing configured the watch is off and the server untouched. A variable with a wrong
    /// value is named on stderr, in one line, and counts as unset.
    ///
    /// # Errors
    ///
    /// None from a variable's value; an error of the delivery path when it cannot start at all.
    ///
    /// ```
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// let watch = toolwatch::Watch::from_env()?;
    /// println!("{}", watch.is_enabled());
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A watch that is off.
    ///
    /// ```
    /// assert!(!toolwatch::Watch::disabled().is_enabled());
    /// ```
    #[must_use]
    pub const fn disabled() -> Self {
        Self(None)
    }

    pub(crate) const fn active(&self) -> Option<&Active> {
        self.0.as_ref()
    }

    /// Whether calls are recorded.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until the events recorded so far have been delivered, at most `timeout` (and 50 ms).
    ///
    /// Blocks the calling thread. Works on any runtime and without one. A watch without a
    /// destination has nothing to send, and waits until its record is durable, on a thread that ends
    /// with that. On the sender's own thread, as in a callback, it answers at once: it would wait for
    /// itself.
    ///
    /// ```
    /// let delivery = toolwatch::Watch::disabled().flush(std::time::Duration::from_secs(1));
    /// assert_eq!(delivery.delivered, 0);
    /// ```
    pub fn flush(&self, timeout: Duration) -> Delivery {
        let Some(active) = &self.0 else { return Delivery::default() };
        let (began, exports) = (Instant::now(), &active.readers().exports);
        let asked = exports.ask();
        let delivery = active.lanes().flush(timeout);
        exports.wait(asked, timeout.saturating_sub(began.elapsed()));
        delivery
    }

    /// Flushes and stops, within `timeout` and 50 ms. Terminal and idempotent: nothing is sent
    /// after it. What was not delivered, and what later calls add, stays in the spool for the next
    /// start; in memory mode it is dropped and counted.
    ///
    /// ```
    /// let watch = toolwatch::Watch::disabled();
    /// watch.shutdown(std::time::Duration::from_secs(1));
    /// ```
    pub fn shutdown(&self, timeout: Duration) -> Delivery {
        let Some(active) = &self.0 else { return Delivery::default() };
        let (ending, readers) = (Ending::within(timeout), active.readers());
        // All of it is on its way while the lanes are waited for.
        readers.begin_close();
        readers.exports.end();
        let delivery = active.lanes().shutdown(timeout);
        readers.wait_closed(ending.left());
        readers.exports.wait_end(ending.left());
        tell(active, delivery, ending)
    }

    /// Shuts down within 50 ms, because the process ends.
    fn leave(&self) {
        if let Some(active) = &self.0 {
            let (ending, readers) = (Ending::of_drop(), active.readers());
            readers.begin_close();
            readers.exports.leave();
            let delivery = active.lanes().leave();
            readers.wait_closed(ending.left());
            tell(active, delivery, ending);
        }
    }

    /// The counters of this watch: captured = delivered + spooled + dropped, always.
    ///
    /// With several destinations these are the sums, in which an event counts once for each;
    /// [`Watch::destinations`] tells them apart.
    ///
    /// ```
    /// assert!(toolwatch::Watch::disabled().stats().is_balanced());
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Some(active) = &self.0 else { return Stats::default() };
        let mut stats = active.lanes().stats();
        stats.capture_faults = losses::total();
        stats.log_dropped = active.readers().log_dropped();
        stats
    }

    /// Every destination by its name, the first one first, with its own counters.
    ///
    /// ```
    /// for (name, stats) in toolwatch::Watch::disabled().destinations() {
    ///     println!("{name}: {} waiting", stats.own().spooled());
    /// }
    /// ```
    #[must_use]
    pub fn destinations(&self) -> Vec<(String, Stats)> {
        let Some(active) = &self.0 else { return Vec::new() };
        active.lanes().iter().map(|lane| (lane.destination_name(), lane.stats())).collect()
    }

    /// What happened so far, as numbers; `None` when the watch is off.
    #[must_use]
    pub fn metrics(&self) -> Option<Metrics> {
        self.0.as_ref().map(|active| active.registry().snapshot())
    }

    /// The quota that the destination last reported.
    ///
    /// ```
    /// assert!(toolwatch::Watch::disabled().quota_status().is_none());
    /// ```
    #[must_use]
    pub fn quota_status(&self) -> Option<Quota> {
        self.0.as_ref().and_then(|active| active.lanes().quota_status())
    }

    /// Where the spool is; `None` in memory mode and when the watch is off.
    ///
    /// ```
    /// assert!(toolwatch::Watch::disabled().directory().is_none());
    /// ```
    #[must_use]
    pub fn directory(&self) -> Option<PathBuf> {
        self.0.as_ref().and_then(|active| active.lanes().directory())
    }
}

/// Says the numbers at the end, when the operator wants to know everything.
fn tell(active: &Active, delivery: Delivery, ending: Ending) -> Delivery {
    #[cfg(feature = "prometheus")]
    active.close_outlets();
    active.readers().flush(ending.left_for_log());
    if active.settings().debug {
        let Delivery { delivered, spooled, dropped, .. } = delivery;
        crate::stderr::say(format_args!(
            "{delivered} delivered, {spooled} spooled, {dropped} dropped"
        ));
    }
    delivery
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::print(crate::testing::leak::Leak::WatchDebug, f)?;
        match &self.0 {
            Some(active) => {
                f.debug_struct("Watch").field("settings", active.settings()).finish_non_exhaustive()
            }
            None => f.write_str("Watch(off)"),
        }
    }
}
