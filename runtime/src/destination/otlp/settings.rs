//! What an author or an operator sets: options, then `OTEL_*` variables, then defaults.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::exporter::MetricsPlan;
use super::post::Post;
use super::resource::Resource;
use super::spans::Spans;
use super::variables::{Endpoint, Lookup, Signal, Variables, header, set};
use crate::Error;
use crate::destination::channel::{self, Channel, ChannelSettings};

/// Where OpenTelemetry collectors listen for OTLP over HTTP.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";
const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-toolwatch/", env!("CARGO_PKG_VERSION"));

/// The settings of delivery over OTLP, for [`WatchBuilder::otlp`](crate::WatchBuilder::otlp).
///
/// What is left unset is taken from the `OTEL_*` variables, and else from the defaults of
/// OpenTelemetry: `http://localhost:4318`, 10 s per request, metrics every 60 s.
///
/// ```
/// use toolwatch::destination::Otlp;
/// let otlp = Otlp::new().endpoint("http://collector:4318").header("x-tenant", "docs");
/// # let _ =
/// toolwatch::Watch::builder().otlp(otlp);
/// ```
#[derive(Clone, Default)]
#[must_use = "these are settings; hand them to `WatchBuilder::otlp`"]
pub struct Otlp {
    endpoint: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    gzip: Option<bool>,
    sends_spans: Option<bool>,
    sends_metrics: Option<bool>,
    metrics_interval: Option<Duration>,
    resource: Vec<(String, String)>,
}

impl Otlp {
    /// Settings that are all unset.
    pub fn new() -> Self {
        Self::default()
    }

    /// The base URL: spans go to `{endpoint}/v1/traces`, metrics to `{endpoint}/v1/metrics`.
    /// Before `OTEL_EXPORTER_OTLP_ENDPOINT` and its forms for one signal.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into()).filter(|url| !url.is_empty());
        self
    }

    /// Adds a header to every request, as for a key. Before those of `OTEL_EXPORTER_OTLP_HEADERS`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long one request may take, from connecting to the end of the reply. Before
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`. Default: 10 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether bodies are compressed. Before `OTEL_EXPORTER_OTLP_COMPRESSION`. Default: yes, except
    /// to a loopback address, where compressing costs more than it saves.
    pub const fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = Some(gzip);
        self
    }

    /// Whether spans are sent. Before `OTEL_TRACES_EXPORTER`. Default: yes.
    pub const fn spans(mut self, are_sent: bool) -> Self {
        self.sends_spans = Some(are_sent);
        self
    }

    /// Whether metrics are sent. Before `OTEL_METRICS_EXPORTER`. Default: yes.
    pub const fn metrics(mut self, are_sent: bool) -> Self {
        self.sends_metrics = Some(are_sent);
        self
    }

    /// How often metrics are sent. Before `OTEL_METRIC_EXPORT_INTERVAL`. Default: 60 s.
    pub const fn metrics_interval(mut self, interval: Duration) -> Self {
        self.metrics_interval = Some(interval);
        self
    }

    /// Adds an attribute to the resource, or replaces what is known otherwise, such as
    /// `service.name`. Before `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
    pub fn resource_attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        set(&mut self.resource, &name.into(), value.into());
        self
    }

    /// What is to be sent, and warnings about variables.
    ///
    /// # Errors
    /// Fails when an option cannot be met. A wrong variable is a warning.
    pub(crate) fn resolve(self, lookup: Lookup<'_>) -> Result<(Signals, Vec<String>), Error> {
        let mut variables = Variables::new(lookup);
        let mut signals = Signals::default();
        self.check()?;
        if variables.is_disabled() {
            return Ok((signals, variables.warnings));
        }
        let mut resource = variables.resource();
        self.resource.iter().for_each(|(name, value)| set(&mut resource, name, value.clone()));
        let resource = Resource(resource);
        let sends =
            |option: Option<bool>, variable: Option<bool>| option.or(variable) != Some(false);
        if sends(self.sends_spans, variables.is_exported(Signal::Traces))
            && let Some(post) = self.post(Signal::Traces, &mut variables)?
        {
            signals.spans = Some(Spans { post, resource: resource.clone() });
        }
        if sends(self.sends_metrics, variables.is_exported(Signal::Metrics))
            && let Some(post) = self.post(Signal::Metrics, &mut variables)?
        {
            let interval = self.metrics_interval.or_else(|| variables.metrics_interval());
            let interval = interval.unwrap_or(Duration::from_secs(60));
            signals.metrics = Some(MetricsPlan { post, resource, interval });
        }
        Ok((signals, variables.warnings))
    }

    fn check(&self) -> Result<(), Error> {
        if self.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::configuration("the timeout of OTLP must be longer than zero"));
        }
        if self.metrics_interval.is_some_and(|interval| interval.is_zero()) {
            return Err(Error::configuration("metrics_interval must be longer than zero"));
        }
        Ok(())
    }

    /// The way of one signal; `None` when a variable's endpoint is of no use.
    fn post(&self, signal: Signal, variables: &mut Variables<'_>) -> Result<Option<Post>, Error> {
        variables.check_protocol(signal);
        let url = match (&self.endpoint, variables.endpoint(signal)) {
            (Some(base), _) => url_of(&Endpoint::Base(base.clone()), signal)?,
            (None, Some(endpoint)) => match url_of(&endpoint, signal) {
                Ok(url) => url,
                Err(error) => {
                    let what = "the OTLP endpoint of the environment cannot be used";
                    variables.warn(format!("{what}: {error}; sending nothing there"));
                    return Ok(None);
                }
            },
            (None, None) => url_of(&Endpoint::Base(DEFAULT_ENDPOINT.to_owned()), signal)?,
        };
        let timeout = self.timeout.or_else(|| variables.timeout(signal));
        let settings = ChannelSettings {
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            user_agent: USER_AGENT.to_owned(),
            gzip: self.gzip.or_else(|| variables.gzip(signal)),
        };
        let headers = self.all_headers(signal, variables)?;
        Ok(Some(Post::new(Channel::new(url, settings)?, headers)))
    }

    fn all_headers(
        &self,
        signal: Signal,
        variables: &mut Variables<'_>,
    ) -> Result<HeaderMap, Error> {
        let mut headers: HeaderMap = variables.headers(signal).into_iter().collect();
        for (name, value) in &self.headers {
            let fault = || Error::configuration("an OTLP header holds what a header cannot have");
            let (name, value) = header(name, value).ok_or_else(fault)?;
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        Ok(headers)
    }
}

/// What is to be sent.
#[derive(Default)]
pub(crate) struct Signals {
    pub(crate) spans: Option<Spans>,
    pub(crate) metrics: Option<MetricsPlan>,
}

fn url_of(endpoint: &Endpoint, signal: Signal) -> Result<Url, Error> {
    match endpoint {
        Endpoint::Base(base) => channel::join_path(channel::parse_endpoint(base)?, signal.path()),
        Endpoint::Whole(whole) => channel::parse_endpoint(whole),
    }
}

impl fmt::Debug for Otlp {
    /// Header values may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp").field("headers", &self.headers.len()).finish_non_exhaustive()
    }
}
