//! The rules, their tests and the dashboard name only metrics and labels that the code has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use toolwatch::Watch;
use toolwatch::event::Outcome;
use toolwatch::prometheus::Exporter;
use toolwatch::prometheus::prometheus::core::Collector as _;

/// Labels that Prometheus adds, and that of buckets.
const OF_PROMETHEUS: [&str; 3] = ["job", "instance", "le"];

/// Where the rules and the dashboard are.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("docs").join("prometheus")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).expect("a file of docs/prometheus")
}

fn dashboard() -> Value {
    serde_json::from_str(&read("dashboard.json")).expect("the dashboard is JSON")
}

/// Every query of the dashboard, as Grafana would send it.
pub(crate) fn queries() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let query = |target: &Value| {
        let query = target["expr"].as_str().expect("a query");
        query.replace("$__rate_interval", "1m").replace("$job", ".*").replace("$tool", ".*")
    };
    targets.map(query).collect()
}

/// Labels by the names of samples.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let exporter = Exporter::new(&Watch::disabled());
    let mut known = BTreeMap::new();
    for desc in exporter.desc() {
        let labels: BTreeSet<String> = desc.variable_labels.iter().cloned().collect();
        let suffixes: &[&str] = match desc.fq_name.ends_with("_duration_seconds") {
            true => &["_bucket", "_sum", "_count"],
            false => &[""],
        };
        for suffix in suffixes {
            known.insert(format!("{}{suffix}", desc.fq_name), labels.clone());
        }
    }
    known
}

/// The names in a query, without what stands in quotes, and whether a brace follows.
fn words(query: &str) -> Vec<(String, Option<char>)> {
    let mut words = Vec::new();
    let unquoted: Vec<&str> = query.split('"').step_by(2).collect();
    let text = unquoted.join("\"\"");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_part) {
        rest = &rest[start..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let next = rest[end..].trim_start().chars().next();
        words.push((rest[..end].to_owned(), next));
        rest = &rest[end..];
    }
    words
}

/// Checks that every metric of a query is known, and returns which they are.
#[track_caller]
fn check(query: &str, known: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let words = words(query);
    let is_metric = |word: &str| word.starts_with("mcp_") && word != "mcp_method_name";
    let metrics: BTreeSet<String> = words
        .iter()
        .map(|(word, _)| word.clone())
        .filter(|word| is_metric(word) || word.starts_with("toolwatch_"))
        .collect();
    let mut labels: BTreeSet<&str> = OF_PROMETHEUS.into();
    for metric in &metrics {
        let of_metric = known.get(metric);
        let of_metric = of_metric.unwrap_or_else(|| panic!("there is no {metric}: {query}"));
        labels.extend(of_metric.iter().map(String::as_str));
    }
    // A label is compared with something, or listed after `by`.
    let compared = words.iter().filter(|(_, next)| matches!(next, Some('=' | '!')));
    let listed = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    let listed = listed.flat_map(|list| list.split(',')).map(|label| label.trim().to_owned());
    for label in compared.map(|(word, _)| word.clone()).chain(listed) {
        assert!(labels.contains(label.as_str()), "no metric has the label {label}: {query}");
    }
    metrics
}

/// The queries of the rules: what follows `expr:`, over one line or several.
fn rules() -> Vec<String> {
    let text = read("alerts.yml");
    let parts = text.split("expr: |\n").skip(1);
    let query = |part: &str| {
        let lines = part.lines().take_while(|line| line.starts_with("          "));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    };
    parts.map(query).collect()
}

#[test]
fn the_rules_name_what_there_is() {
    let mut known = known();
    let baseline = "job_tool:mcp_tool_duration_seconds:p50_1d".to_owned();
    known.insert(baseline, ["tool".to_owned()].into());
    let rules = rules();
    assert_eq!(rules.len(), 7, "{rules:#?}");
    rules.iter().for_each(|rule| drop(check(rule, &known)));
    let test = read("alerts_test.yml");
    let series: Vec<&str> =
        test.lines().filter_map(|line| line.trim().strip_prefix("- series: '")).collect();
    assert!(series.len() > 15);
    for series in series {
        let of_series = check(series.trim_end_matches('\''), &known);
        let is_read = |metric: &String| rules.iter().any(|rule| rule.contains(metric.as_str()));
        assert!(of_series.len() == 1 && of_series.iter().all(is_read), "{series}");
    }
}

#[test]
fn the_dashboard_names_what_there_is_and_shows_nearly_all_of_it() {
    let known = known();
    let shown: BTreeSet<String> = queries().iter().flat_map(|query| check(query, &known)).collect();
    let families: BTreeSet<&str> = shown.iter().map(|metric| family(metric)).collect();
    assert!(families.len() >= 20, "{families:?}");
    for title in [
        "Tool calls per session",
        "p95 by tool",
        "Error rate by tool",
        "Resources that are read again",
    ] {
        let dashboard = dashboard();
        let panels = dashboard["panels"].as_array().expect("panels");
        assert!(panels.iter().any(|panel| panel["title"] == title), "{title}");
    }
}

fn family(metric: &str) -> &str {
    let suffix = ["_bucket", "_sum", "_count"].into_iter().find(|of| metric.ends_with(of));
    suffix.map_or(metric, |suffix| metric.strip_suffix(suffix).unwrap_or(metric))
}

#[test]
fn what_counts_as_an_error_is_the_same_everywhere() {
    let good = ["ok", "input_required", "task"];
    for (name, text) in
        [("alerts.yml", read("alerts.yml")), ("dashboard.json", read("dashboard.json"))]
    {
        let marks: Vec<&str> = text.split("status!~").skip(1).collect();
        assert!(!marks.is_empty(), "{name}");
        for mark in marks {
            let listed = mark.trim_start_matches(['\\', '"']).split(['\\', '"']).next();
            assert_eq!(listed, Some(good.join("|").as_str()), "{name}");
        }
    }
    let errors = toolwatch_tests_outcomes().into_iter().filter(|outcome| !outcome.is_error());
    assert_eq!(errors.map(Outcome::as_str).collect::<Vec<_>>(), good);
}

/// Every outcome that the code knows, by the names that it gives them.
fn toolwatch_tests_outcomes() -> Vec<Outcome> {
    let names = [
        "ok",
        "tool_error",
        "invalid_arguments",
        "protocol_error",
        "panic",
        "cancelled",
        "dropped",
        "input_required",
        "task",
        "unknown_tool",
        "disabled_tool",
        "interrupted",
    ];
    names.into_iter().map(|name| Outcome::parse(name).expect("an outcome")).collect()
}
