//! Spans and metrics by the OpenTelemetry API: the option, and the check of itself.

use std::sync::Arc;

use super::{Active, Watch, WatchBuilder};
use crate::otel::{Otel, OtelCheck};

impl WatchBuilder {
    /// Makes spans and metrics by the OpenTelemetry API, on the application's own providers or on
    /// those that these settings hand over. `TOOLWATCH_OTEL=1` does the same without code, on the
    /// global ones.
    ///
    /// The author's own spans nest below those of their operations. A watch that does nothing else
    /// makes no file and no thread.
    #[cfg_attr(docsrs, doc(cfg(feature = "otel")))]
    pub fn otel(mut self, otel: Otel) -> Self {
        self.readers.otel = Some(otel);
        self
    }
}

impl Watch {
    /// Whether the OpenTelemetry providers take what this watch makes, as far as its operations so
    /// far have shown. The operator is told of a no-op by itself, once, at the first operation
    /// ([`WatchBuilder::on_error`], else stderr).
    ///
    /// ```
    /// use toolwatch::{OtelState, Watch};
    /// assert_eq!(Watch::disabled().otel_check().spans, OtelState::Off);
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "otel")))]
    #[must_use]
    pub fn otel_check(&self) -> OtelCheck {
        self.active().map_or(OtelCheck::OFF, |active| active.readers().otel.check())
    }
}

impl Active {
    /// Lets collectors of metrics read the numbers. They do not keep the watch.
    pub(super) fn serve_numbers(&self) {
        let source = self.source();
        let read = move || source().map(|numbers| (numbers.metrics, numbers.destinations));
        self.readers().otel.serve(Arc::new(read));
    }
}
