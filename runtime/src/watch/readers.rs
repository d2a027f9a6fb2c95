//! Readers in the process: what shows the numbers of a watch to others without a destination. They
//! keep a watch on, and bring neither file nor thread of the delivery path with them.

use super::WatchBuilder;
use super::environment::Environment;
use crate::error::Error;

impl WatchBuilder {
    /// Keeps numbers for [`Watch::metrics`](super::Watch::metrics) and for exporters in the process,
    /// with or without a destination. A watch that has nothing else to do makes no file and no
    /// thread.
    ///
    /// ```
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// let watch = toolwatch::Watch::builder().metrics().build()?;
    /// assert!(watch.metrics().is_some_and(|metrics| metrics.tools.is_empty()));
    /// assert!(watch.directory().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// Whether anything in the process reads events or numbers, by options and variables.
    pub(super) fn has_reader(&mut self, env: &mut Environment<'_>) -> Result<bool, Error> {
        #[cfg(feature = "prometheus")]
        let has_outlet = self.prometheus.merge(env)?;
        #[cfg(not(feature = "prometheus"))]
        let has_outlet = without_prometheus(env);
        Ok(self.metrics || has_outlet)
    }
}

/// A host that sets what the author has not built in is told.
#[cfg(not(feature = "prometheus"))]
fn without_prometheus(env: &mut Environment<'_>) -> bool {
    for name in ["TOOLWATCH_PROMETHEUS_LISTEN", "TOOLWATCH_PROMETHEUS_TEXTFILE"] {
        if env.text(name).is_some() {
            env.warn(format!("{name} needs the feature `prometheus` of toolwatch"));
        }
    }
    false
}
