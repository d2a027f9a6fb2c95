//! What an author or an operator sets: options, then `OTEL_*` variables, then defaults.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::exporter::MetricsPlan;
#[cfg(feature = "otlp-grpc")]
use super::grpc;
use super::post::Post;
#[cfg(feature = "otlp-grpc")]
use super::protocol;
use super::protocol::OtlpProtocol;
use super::resource::Resource;
use super::spans::Spans;
use super::variables::{Endpoint, Lookup, Signal, Variables, header, set};
use crate::Error;
use crate::destination::channel::{Channel, ChannelSettings};

const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-toolwatch/", env!("CARGO_PKG_VERSION"));

/// The settings of delivery over OTLP, for [`WatchBuilder::otlp`](crate::WatchBuilder::otlp).
///
/// What is left unset is taken from the `OTEL_*` variables, and else from the defaults of
/// OpenTelemetry: http/protobuf to `http://localhost:4318`, or gRPC to `http://localhost:4317`, 10 s
/// per request, metrics every 60 s.
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
    protocol: Option<OtlpProtocol>,
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

    /// What is spoken, for spans and metrics. Before `OTEL_EXPORTER_OTLP_PROTOCOL` and its forms for
    /// one signal. Default: http/protobuf.
    pub const fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// The base URL: spans go to `{endpoint}/v1/traces`, metrics to `{endpoint}/v1/metrics`. Over
    /// gRPC it is scheme, host and port alone. Before `OTEL_EXPORTER_OTLP_ENDPOINT` and its forms for one signal.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into()).filter(|url| !url.is_empty());
        self
    }

    /// Adds a header to every request, or metadata over gRPC, as for a key. Before those of `OTEL_EXPORTER_OTLP_HEADERS`.
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
        let protocol = self.protocol.or_else(|| variables.protocol(signal)).unwrap_or_default();
        let Some(url) = self.url(protocol, signal, variables)? else { return Ok(None) };
        let timeout = self.timeout.or_else(|| variables.timeout(signal));
        let settings = ChannelSettings {
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            user_agent: USER_AGENT.to_owned(),
            gzip: self.gzip.or_else(|| variables.gzip(signal)),
        };
        let mut headers = self.all_headers(signal, variables)?;
        let channel = Channel::new(url, settings)?;
        let channel = match protocol {
            OtlpProtocol::HttpProtobuf => {
                let kind = HeaderValue::from_static("application/x-protobuf");
                headers.insert(CONTENT_TYPE, kind);
                channel
            }
            #[cfg(feature = "otlp-grpc")]
            OtlpProtocol::Grpc => {
                grpc::add_headers(&mut headers, channel.timeout());
                channel.over_http2()
            }
        };
        Ok(Some(Post::new(channel, protocol, headers)))
    }

    /// Where a signal goes; `None` when a variable's endpoint is of no use.
    fn url(
        &self,
        protocol: OtlpProtocol,
        signal: Signal,
        variables: &mut Variables<'_>,
    ) -> Result<Option<Url>, Error> {
        if let Some(base) = &self.endpoint {
            return protocol.url(&Endpoint::Base(base.clone()), signal).map(Some);
        }
        let Some(endpoint) = variables.endpoint(signal) else {
            let base = Endpoint::Base(protocol.default_endpoint().to_owned());
            return protocol.url(&base, signal).map(Some);
        };
        #[cfg(feature = "otlp-grpc")]
        let endpoint = match (protocol, endpoint) {
            (OtlpProtocol::Grpc, Endpoint::Base(text) | Endpoint::Whole(text)) => {
                let (text, had_path) = protocol::without_path(&text, variables.is_insecure(signal));
                if had_path {
                    let what = "the path of the OTLP endpoint of the environment is left out";
                    variables.warn(format!("{what}: gRPC has none"));
                }
                Endpoint::Whole(text)
            }
            (_, endpoint) => endpoint,
        };
        match protocol.url(&endpoint, signal) {
            Ok(url) => Ok(Some(url)),
            Err(error) => {
                let what = "the OTLP endpoint of the environment cannot be used";
                variables.warn(format!("{what}: {error}; sending nothing there"));
                Ok(None)
            }
        }
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
        Ok(headers)
    }
}

/// What is to be sent.
#[derive(Default)]
pub(crate) struct Signals {
    pub(crate) spans: Option<Spans>,
    pub(crate) metrics: Option<MetricsPlan>,
}

impl fmt::Debug for Otlp {
    /// Header values may be keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp").field("headers", &self.headers.len()).finish_non_exhaustive()
    }
}
