//! What turns OTLP on and off, and where it goes.

use std::collections::HashMap;

use toolwatch::{Otlp, Watch, WatchBuilder};
use toolwatch_tests::observed::offline;

use super::collector::{Collector, PATIENCE};

fn with(variables: &[(&str, &str)]) -> WatchBuilder {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    offline()
        .durability(toolwatch::Durability::Memory)
        .environment(move |name| variables.get(name).cloned())
        .on_error(|_| {})
}

fn names(watch: &Watch) -> Vec<String> {
    watch.destinations().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn otel_variables_alone_turn_nothing_on() {
    let watch = with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("OTEL_SERVICE_NAME", "docs"),
    ]);
    assert!(!watch.build().expect("a watch").is_enabled());
}

#[test]
fn the_off_switches_of_opentelemetry_are_honoured() {
    let on = ("TOOLWATCH_OTLP", "1");
    assert_eq!(names(&with(&[on]).build().expect("a watch")), ["otlp"]);
    let disabled = with(&[on, ("OTEL_SDK_DISABLED", "true")]).build().expect("a watch");
    assert!(!disabled.is_enabled());
    let none = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")];
    let neither = with(&[on, none[0], none[1]]).build().expect("a watch");
    assert!(!neither.is_enabled());
    let only_metrics = with(&[on, none[0]]).build().expect("a watch");
    assert!(only_metrics.is_enabled() && names(&only_metrics).is_empty());
}

#[test]
fn an_option_wins_over_variables_and_a_wrong_option_fails() {
    let collector = Collector::start();
    let otlp = Otlp::new().endpoint(collector.0.endpoint()).metrics(false).header("x-key", "mine");
    let builder = with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=theirs,x-more=a%20b"),
        ("OTEL_SERVICE_NAME", "renamed"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=docs"),
    ]);
    let watch = builder.otlp(otlp).build().expect("a watch");
    watch.event("configured").record();
    watch.flush(PATIENCE);
    let requests = collector.0.requests();
    assert_eq!(
        (requests[0].header("x-key"), requests[0].header("x-more")),
        (Some("mine"), Some("a b"))
    );
    let resource = &collector.spans()[0].resource;
    assert_eq!((&resource["service.name"], &resource["team"]), (&"renamed".into(), &"docs".into()));
    assert_eq!(resource["mcp.server.name"], "suite");
    for wrong in [
        Otlp::new().endpoint("collector:4318"),
        Otlp::new().endpoint("http://key@collector"),
        Otlp::new().endpoint("http://collector?x"),
        Otlp::new().header("bad name", "x"),
        Otlp::new().header("x", "a\nb"),
        Otlp::new().timeout(std::time::Duration::ZERO),
    ] {
        assert!(with(&[]).otlp(wrong).build().is_err_and(|error| error.is_configuration()));
    }
}

#[test]
fn the_url_of_a_signal_is_used_as_it_is() {
    let collector = Collector::start();
    let traces = format!("{}/in/spans?x=1", collector.0.endpoint());
    let watch = with(&[
        ("TOOLWATCH_OTLP", "1"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &traces),
    ]);
    let watch = watch.build().expect("a watch");
    watch.event("configured").record();
    watch.flush(PATIENCE);
    assert_eq!(collector.0.requests()[0].target(), "POST /in/spans?x=1");
}

#[test]
fn a_wrong_endpoint_in_a_variable_stops_its_signal_and_not_the_server() {
    let watch = with(&[("TOOLWATCH_OTLP", "1"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url")]);
    assert!(!watch.build().expect("a watch").is_enabled());
}

#[test]
fn no_header_value_is_printed() {
    let otlp = Otlp::new().header("authorization", "Bearer secret");
    assert!(!format!("{otlp:?}").contains("secret"));
}
