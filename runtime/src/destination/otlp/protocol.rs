//! What is spoken with a collector, and what that makes of an endpoint.

use reqwest::Url;

#[cfg(feature = "otlp-grpc")]
use super::grpc;
use super::variables::{Endpoint, Signal};
use crate::Error;
use crate::destination::channel;

/// What is spoken with a collector.
///
/// ```
/// use toolwatch::destination::{Otlp, OtlpProtocol};
/// # let _ =
/// Otlp::new().protocol(OtlpProtocol::HttpProtobuf);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// Protocol buffers by HTTP/1.1, usually on port 4318.
    #[default]
    HttpProtobuf,
    /// gRPC, usually on port 4317.
    #[cfg(feature = "otlp-grpc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp-grpc")))]
    Grpc,
}

impl OtlpProtocol {
    /// Where collectors listen.
    pub(super) const fn default_endpoint(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http://localhost:4318",
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc => "http://localhost:4317",
        }
    }

    /// The URL for the messages of a signal.
    ///
    /// # Errors
    /// Fails when the endpoint is no URL that can be used, or has a path where there can be none.
    pub(super) fn url(self, endpoint: &Endpoint, signal: Signal) -> Result<Url, Error> {
        match (self, endpoint) {
            (Self::HttpProtobuf, Endpoint::Base(base)) => {
                channel::join_path(channel::parse_endpoint(base)?, signal.path())
            }
            (Self::HttpProtobuf, Endpoint::Whole(whole)) => channel::parse_endpoint(whole),
            #[cfg(feature = "otlp-grpc")]
            (Self::Grpc, Endpoint::Base(text) | Endpoint::Whole(text)) => {
                let url = channel::parse_endpoint(text)?;
                if url.path().trim_end_matches('/').is_empty() {
                    return channel::join_path(url, grpc::path(signal));
                }
                Err(Error::configuration("an OTLP endpoint over gRPC has no path"))
            }
        }
    }
}

/// An endpoint of a variable as gRPC takes it: without the path that it may have for HTTP, and with
/// a scheme. The second is whether a path was left out.
#[cfg(feature = "otlp-grpc")]
pub(super) fn without_path(text: &str, is_insecure: bool) -> (String, bool) {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None if is_insecure => ("http", text),
        None => ("https", text),
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    (format!("{scheme}://{host}"), !path.is_empty())
}

#[cfg(all(test, feature = "otlp-grpc"))]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_over_grpc_is_a_host_and_the_path_is_that_of_the_method() {
        let url = |text: &str, signal| {
            OtlpProtocol::Grpc.url(&Endpoint::Whole(text.to_owned()), signal).map(String::from)
        };
        let traces = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
        for text in ["http://collector:4317", "http://collector:4317/"] {
            assert_eq!(
                url(text, Signal::Traces).unwrap(),
                format!("http://collector:4317/{traces}")
            );
        }
        let metrics = "opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
        assert_eq!(
            url("http://[::1]:4317", Signal::Metrics).unwrap(),
            format!("http://[::1]:4317/{metrics}")
        );
        for wrong in ["http://c:4317/v1/traces", "http://c:4317?x", "c:4317", "grpc://c:4317"] {
            assert!(url(wrong, Signal::Traces).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_endpoint_of_a_variable_may_have_no_scheme_and_a_path_too_many() {
        for (text, is_insecure, expect, had_path) in [
            ("collector:4317", true, "http://collector:4317", false),
            ("collector:4317", false, "https://collector:4317", false),
            ("http://c:4317", false, "http://c:4317", false),
            ("https://c:4317/", true, "https://c:4317", false),
            ("http://c:4317/v1/traces", false, "http://c:4317", true),
        ] {
            assert_eq!(without_path(text, is_insecure), (expect.to_owned(), had_path), "{text}");
        }
    }
}
