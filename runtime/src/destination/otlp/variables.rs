//! Reads the `OTEL_*` variables as OpenTelemetry defines them: an empty one is unset, that of a
//! signal goes before that of all signals, and a wrong one warns and counts as unset.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};

use super::protocol::OtlpProtocol;

/// Looks a variable up.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What is sent: spans or metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

/// The variables, and what was wrong with them.
pub(super) struct Variables<'a> {
    lookup: Lookup<'a>,
    pub(super) warnings: Vec<String>,
}

impl Signal {
    /// Where it goes, below a base URL.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }
}

impl<'a> Variables<'a> {
    pub(super) const fn new(lookup: Lookup<'a>) -> Self {
        Self { lookup, warnings: Vec::new() }
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn warn(&mut self, warning: String) {
        // Both signals ask for the same variables.
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// `OTEL_SDK_DISABLED`: only `true` disables, by the specification.
    pub(super) fn is_disabled(&self) -> bool {
        self.text("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// `OTEL_TRACES_EXPORTER` and `OTEL_METRICS_EXPORTER`: whether a signal is sent; `None` when
    /// nothing is said.
    pub(super) fn is_exported(&mut self, signal: Signal) -> Option<bool> {
        let name = format!("OTEL_{}_EXPORTER", signal.name());
        let text = self.text(&name)?.to_ascii_lowercase();
        let mut exporters = text.split(',').map(str::trim);
        if exporters.clone().any(|exporter| exporter == "otlp") {
            return Some(true);
        }
        if exporters.all(|exporter| exporter == "none") {
            return Some(false);
        }
        self.warn(format!("{name} must be otlp or none; using otlp"));
        None
    }

    /// The URL of a signal: its own as it is, or the base URL and the signal's path.
    pub(super) fn endpoint(&self, signal: Signal) -> Option<Endpoint> {
        let own = self.text(&format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.name()));
        let base = || self.text("OTEL_EXPORTER_OTLP_ENDPOINT").map(Endpoint::Base);
        own.map(Endpoint::Whole).or_else(base)
    }

    /// The headers of a signal, their values percent-decoded.
    pub(super) fn headers(&mut self, signal: Signal) -> Vec<(HeaderName, HeaderValue)> {
        let Some((name, list)) = self.of_signal(signal, "HEADERS") else { return Vec::new() };
        let mut headers = Vec::new();
        for (key, value) in pairs(&list) {
            match header(key, &value) {
                Some(header) => headers.push(header),
                None => self.warn(format!("{name} has an entry that is no header; leaving it out")),
            }
        }
        headers
    }

    pub(super) fn timeout(&mut self, signal: Signal) -> Option<Duration> {
        let (name, text) = self.of_signal(signal, "TIMEOUT")?;
        self.millis(&name, &text, 600_000)
    }

    pub(super) fn gzip(&mut self, signal: Signal) -> Option<bool> {
        let (name, text) = self.of_signal(signal, "COMPRESSION")?;
        match text.to_ascii_lowercase().as_str() {
            "gzip" => return Some(true),
            "none" => return Some(false),
            _ => self.warn(format!("{name} must be gzip or none; using the default")),
        }
        None
    }

    /// What is to be spoken, when that is known.
    pub(super) fn protocol(&mut self, signal: Signal) -> Option<OtlpProtocol> {
        let (name, text) = self.of_signal(signal, "PROTOCOL")?;
        let why = match text.to_ascii_lowercase().as_str() {
            "http/protobuf" => return Some(OtlpProtocol::HttpProtobuf),
            #[cfg(feature = "otlp-grpc")]
            "grpc" => return Some(OtlpProtocol::Grpc),
            #[cfg(not(feature = "otlp-grpc"))]
            "grpc" => "asks for gRPC, which needs the feature `otlp-grpc` of toolwatch: add it",
            _ => "asks for a protocol that toolwatch does not speak",
        };
        self.warn(format!(
            "{name} {why}; using http/protobuf, so the endpoint must take OTLP over HTTP (usually \
             port 4318)"
        ));
        None
    }

    /// `OTEL_EXPORTER_OTLP_INSECURE`: whether an endpoint without a scheme is one without TLS.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn is_insecure(&self, signal: Signal) -> bool {
        let of_signal = self.of_signal(signal, "INSECURE");
        of_signal.is_some_and(|(_, text)| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn metrics_interval(&mut self) -> Option<Duration> {
        let name = "OTEL_METRIC_EXPORT_INTERVAL";
        let text = self.text(name)?;
        self.millis(name, &text, 86_400_000)
    }

    /// `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME`, which goes before it.
    pub(super) fn resource(&self) -> Vec<(String, String)> {
        let list = self.text("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let mut attributes: Vec<_> =
            pairs(&list).map(|(key, value)| (key.to_owned(), value)).collect();
        attributes.retain(|(key, _)| !key.is_empty());
        if let Some(name) = self.text("OTEL_SERVICE_NAME") {
            set(&mut attributes, "service.name", name);
        }
        attributes
    }

    fn of_signal(&self, signal: Signal, what: &str) -> Option<(String, String)> {
        let names = [
            format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.name()),
            format!("OTEL_EXPORTER_OTLP_{what}"),
        ];
        names.into_iter().find_map(|name| self.text(&name).map(|text| (name, text)))
    }

    fn millis(&mut self, name: &str, text: &str, max: u64) -> Option<Duration> {
        let millis = text.parse().ok().filter(|millis| (1..=max).contains(millis));
        if millis.is_none() {
            self.warn(format!(
                "{name} must be a whole number of milliseconds from 1 to {max}; using the default"
            ));
        }
        millis.map(Duration::from_millis)
    }
}

/// A URL as it was configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The signal's path is still to be added.
    Base(String),
    /// To be used as it is.
    Whole(String),
}

/// Sets one of several named values; the last word counts.
pub(super) fn set(values: &mut Vec<(String, String)>, name: &str, value: String) {
    values.retain(|(of, _)| of != name);
    values.push((name.to_owned(), value));
}

/// A header whose value nobody prints.
pub(super) fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// The entries of `key=value,key=value`, their values percent-decoded.
fn pairs(list: &str) -> impl Iterator<Item = (&str, String)> {
    let entries = list.split(',').filter(|entry| !entry.trim().is_empty());
    entries.map(|entry| {
        let (key, value) = entry.split_once('=').unwrap_or(("", entry));
        (key.trim(), percent_decoded(value.trim()))
    })
}

/// A percent sign without two digits behind it stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let escaped = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests;
