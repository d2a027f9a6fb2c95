//! The numbers of a watch in the shapes that Prometheus takes.

use std::fmt;
use std::sync::Arc;

use ::prometheus::core::{Collector, Desc};
use ::prometheus::proto::{LabelPair, MetricFamily};
use ::prometheus::{Encoder as _, TextEncoder};

use super::collect::collect;
use super::family::ALL;
use super::service::Service;
use crate::error::Error;
use crate::watch::{Numbers, Watch};

/// The namespace of names when the author chooses none.
pub(crate) const NAMESPACE: &str = "mcp";
/// The most characters of a namespace.
const MAX_NAMESPACE_LEN: usize = 64;

/// Where numbers come from; `None` once the watch is gone.
pub(crate) type Source = dyn Fn() -> Option<Numbers> + Send + Sync;

/// Shows the numbers of a watch as Prometheus metrics.
///
/// It does not keep the watch: one that is off, or gone, has no metrics. Reading costs time in
/// proportion to the number of tools, and no call waits for it.
///
/// ```
/// use toolwatch::{Watch, prometheus::Exporter};
///
/// # fn main() -> Result<(), toolwatch::Error> {
/// let watch = Watch::builder().metrics().build()?;
/// let exporter = Exporter::new(&watch).namespace("docs")?;
/// assert!(exporter.text().contains("docs_resource_reads_total 0"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Exporter(Arc<Inner>);

struct Inner {
    source: Arc<Source>,
    namespace: String,
    descriptions: Vec<Desc>,
    /// Labels of every sample.
    common: Vec<LabelPair>,
}

impl Exporter {
    /// An exporter of this watch, in the namespace `mcp`.
    #[must_use]
    pub fn new(watch: &Watch) -> Self {
        Self::of(watch.numbers(), NAMESPACE.to_owned())
    }

    pub(crate) fn of(source: Arc<Source>, namespace: String) -> Self {
        let descriptions = ALL.iter().filter_map(|family| family.desc(&namespace)).collect();
        Self(Arc::new(Inner { source, namespace, descriptions, common: Vec::new() }))
    }

    /// The same with the names `{namespace}_tool_calls_total` and so on. Names of the OpenTelemetry
    /// conventions (`mcp_server_*`) and toolwatch's own (`toolwatch_*`) stay as they are.
    ///
    /// # Errors
    ///
    /// A namespace that is not made of 1 to 64 of `a-z`, `A-Z`, `0-9` and `_`, or begins with a
    /// digit ([`Error::is_configuration`]).
    ///
    /// ```
    /// # use toolwatch::{Watch, prometheus::Exporter};
    /// assert!(Exporter::new(&Watch::disabled()).namespace("my-server").is_err());
    /// ```
    pub fn namespace(self, namespace: &str) -> Result<Self, Error> {
        check_namespace(namespace)?;
        Ok(Self::of(Arc::clone(&self.0.source), namespace.to_owned()))
    }

    /// The same with labels on every sample.
    pub(super) fn with_common(self, common: Vec<LabelPair>) -> Self {
        let Inner { source, namespace, descriptions, .. } = &*self.0;
        Self(Arc::new(Inner {
            source: Arc::clone(source),
            namespace: namespace.clone(),
            descriptions: descriptions.clone(),
            common,
        }))
    }

    /// All metrics by now, in the text format 0.0.4 ([`TEXT_FORMAT`](super::TEXT_FORMAT)); empty
    /// when the watch is off.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_of((self.0.source)().as_ref())
    }

    pub(super) fn text_of(&self, numbers: Option<&Numbers>) -> String {
        let families = self.families(numbers);
        let mut text = Vec::new();
        let encoded = TextEncoder::new().encode(&families, &mut text);
        debug_assert!(encoded.is_ok(), "the families cannot be encoded");
        #[cfg_attr(
            not(feature = "planted-leaks"),
            expect(unused_mut, reason = "nothing is planted")
        )]
        let mut text = String::from_utf8(text).unwrap_or_default();
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::append(crate::testing::leak::Leak::PrometheusText, &mut text);
        text
    }

    /// A service that answers `GET` and `HEAD` with the metrics, for `Router::route_service` of axum
    /// or any other server of tower services.
    ///
    /// ```
    /// # use toolwatch::{Watch, prometheus::Exporter};
    /// let exporter = Exporter::new(&Watch::disabled());
    /// let router: axum::Router = axum::Router::new().route_service("/metrics", exporter.service());
    /// ```
    #[must_use]
    pub fn service(&self) -> Service {
        Service::new(self.clone())
    }

    fn families(&self, numbers: Option<&Numbers>) -> Vec<MetricFamily> {
        let Some(numbers) = numbers else { return Vec::new() };
        let mut families = collect(numbers, &self.0.namespace);
        if self.0.common.is_empty() {
            return families;
        }
        for sample in families.iter_mut().flat_map(MetricFamily::mut_metric) {
            let mut labels = self.0.common.clone();
            labels.extend(sample.take_label());
            sample.set_label(labels);
        }
        families
    }
}

/// For a registry of the author's own, beside other metrics.
///
/// ```
/// use toolwatch::prometheus::{Exporter, prometheus};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let watch = toolwatch::Watch::builder().metrics().build()?;
/// let registry = prometheus::Registry::new();
/// registry.register(Box::new(Exporter::new(&watch)))?;
/// assert!(registry.gather().iter().any(|family| family.name() == "toolwatch_build_info"));
/// # Ok(())
/// # }
/// ```
impl Collector for Exporter {
    fn desc(&self) -> Vec<&Desc> {
        self.0.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families((self.0.source)().as_ref())
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("namespace", &self.0.namespace).finish_non_exhaustive()
    }
}

pub(crate) fn check_namespace(namespace: &str) -> Result<(), Error> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let begins_well = namespace.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if begins_well
        && namespace.len() <= MAX_NAMESPACE_LEN
        && namespace.as_bytes().iter().all(is_part)
    {
        return Ok(());
    }
    Err(Error::configuration(
        "a namespace of metrics has 1 to 64 letters, digits and `_`, and no digit first",
    ))
}
