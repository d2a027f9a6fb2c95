//! The variables as OpenTelemetry defines them.

use super::*;

#[track_caller]
fn with<T>(set: &[(&str, &str)], read: impl FnOnce(&mut Variables<'_>) -> T) -> (T, Vec<String>) {
    let lookup =
        |name: &str| set.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
    let mut variables = Variables::new(&lookup);
    let value = read(&mut variables);
    (value, variables.warnings)
}

#[test]
fn the_base_url_gets_a_path_and_the_url_of_a_signal_stays_as_it_is() {
    let both = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:4318/in"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics/"),
    ];
    let read = |signal| move |variables: &mut Variables<'_>| variables.endpoint(signal);
    let base = Endpoint::Base("http://base:4318/in".to_owned());
    assert_eq!(with(&both, read(Signal::Traces)).0, Some(base));
    let whole = Endpoint::Whole("http://metrics/".to_owned());
    assert_eq!(with(&both, read(Signal::Metrics)).0, Some(whole));
    let empty = [("OTEL_EXPORTER_OTLP_ENDPOINT", " ")];
    assert_eq!(with(&empty, read(Signal::Traces)).0, None);
}

#[test]
fn headers_are_percent_decoded_and_a_wrong_one_is_named_without_its_value() {
    let set = [("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b%3D%2C, x = 1 ,,bad name=secret,%zz")];
    let (headers, warnings) = with(&set, |variables| variables.headers(Signal::Traces));
    let texts: Vec<_> =
        headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(texts, [("api-key", "a b=,"), ("x", "1")]);
    assert!(headers.iter().all(|(_, value)| value.is_sensitive()));
    assert_eq!(warnings.len(), 1);
    assert!(!warnings[0].contains("secret") && warnings[0].contains("OTLP_HEADERS"));
}

#[test]
fn the_variable_of_a_signal_goes_before_that_of_all() {
    let set = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
    ];
    let (read, warnings) = with(&set, |variables| {
        let timeouts = [Signal::Traces, Signal::Metrics].map(|signal| variables.timeout(signal));
        (timeouts, [Signal::Traces, Signal::Metrics].map(|signal| variables.gzip(signal)))
    });
    assert_eq!(read.0, [Some(Duration::from_secs(3)), Some(Duration::from_secs(2))]);
    assert_eq!((read.1, warnings.len()), ([Some(true), Some(false)], 0));
}

#[test]
fn a_wrong_value_warns_once_and_counts_as_unset() {
    let set = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "often"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ];
    let (read, warnings) = with(&set, |variables| {
        for signal in [Signal::Traces, Signal::Metrics] {
            assert_eq!(variables.protocol(signal), None);
        }
        assert_eq!(variables.is_exported(Signal::Traces), None);
        (
            variables.gzip(Signal::Traces),
            variables.timeout(Signal::Traces),
            variables.metrics_interval(),
        )
    });
    assert_eq!((read, warnings.len()), ((None, None, None), 5), "{warnings:?}");
}

#[test]
fn exporters_and_the_off_switch_are_read() {
    for (text, expect) in
        [("otlp", Some(true)), ("none", Some(false)), ("console,OTLP", Some(true)), ("", None)]
    {
        let set = [("OTEL_METRICS_EXPORTER", text)];
        let (read, _) = with(&set, |variables| variables.is_exported(Signal::Metrics));
        assert_eq!(read, expect, "{text}");
    }
    for (text, expect) in [("true", true), ("TRUE", true), ("1", false), ("", false)] {
        let (read, _) = with(&[("OTEL_SDK_DISABLED", text)], |variables| variables.is_disabled());
        assert_eq!(read, expect, "{text}");
    }
}

#[test]
fn the_service_name_goes_before_the_resource_attributes() {
    let set = [
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment.environment.name=pro%64,=x"),
        ("OTEL_SERVICE_NAME", "b"),
    ];
    let (resource, _) = with(&set, |variables| variables.resource());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(resource, [pair("deployment.environment.name", "prod"), pair("service.name", "b")]);
}

#[test]
fn grpc_is_spoken_or_named_with_what_to_do() {
    let set = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "gRPC"),
    ];
    let (read, warnings) =
        with(&set, |variables| [Signal::Traces, Signal::Metrics].map(|of| variables.protocol(of)));
    assert_eq!(read[1], Some(OtlpProtocol::HttpProtobuf));
    #[cfg(feature = "otlp-grpc")]
    assert_eq!((read[0], warnings.len()), (Some(OtlpProtocol::Grpc), 0));
    #[cfg(not(feature = "otlp-grpc"))]
    {
        assert_eq!((read[0], warnings.len()), (None, 1));
        assert!(
            warnings[0].contains("OTLP_TRACES_PROTOCOL") && warnings[0].contains("`otlp-grpc`")
        );
    }
}
