//! promtool finds nothing to say about the metrics, the rules and the dashboard's queries.

use std::fs::File;
use std::process::{Command, Stdio};

use toolwatch::prometheus::Exporter;

use crate::debian::{Tools, tools};
use crate::names::{docs, queries};
use crate::{builder, call, session, text};

/// Runs promtool and returns all that it said.
#[track_caller]
fn promtool(tools: &Tools, arguments: &[&str], stdin: Stdio) -> String {
    let mut command = Command::new(&tools.promtool);
    let output = command.args(arguments).current_dir(docs()).stdin(stdin).output();
    let output = output.expect("promtool runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
    said
}

#[tokio::test]
async fn promtool_has_no_remark_on_any_metric() {
    let Some(tools) = tools() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let watch = builder().local().directory(directory.path().join("record")).build();
    let watch = watch.expect("a watch");
    let client = session(&watch).await;
    for tool in ["echo", "fail", "protocol_fail", "no_such_tool"] {
        call(&client, tool, text("x")).await;
    }
    for namespace in ["mcp", "docs"] {
        let exporter = Exporter::new(&watch).namespace(namespace).expect("a namespace");
        let path = directory.path().join("text");
        std::fs::write(&path, exporter.text()).expect("the text");
        let file = File::open(&path).expect("the text");
        assert_eq!(promtool(tools, &["check", "metrics"], file.into()), "");
    }
}

#[test]
fn the_alert_rules_are_valid_and_do_what_their_tests_say() {
    let Some(tools) = tools() else { return };
    let said = promtool(tools, &["check", "rules", "alerts.yml"], Stdio::null());
    assert!(said.contains("7 rules found"), "{said}");
    let said = promtool(tools, &["test", "rules", "alerts_test.yml"], Stdio::null());
    assert!(said.contains("SUCCESS"), "{said}");
}

#[test]
fn every_query_of_the_dashboard_is_valid() {
    let Some(tools) = tools() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("dashboard.yml");
    let rule = |(at, query): (usize, &String)| {
        format!("      - record: panel:query:n{at}\n        expr: {}\n", serde_json::json!(query))
    };
    let queries = queries();
    let rules: String = queries.iter().enumerate().map(rule).collect();
    std::fs::write(&path, format!("groups:\n  - name: dashboard\n    rules:\n{rules}"))
        .expect("the rules");
    let said = promtool(tools, &["check", "rules", &path.to_string_lossy()], Stdio::null());
    assert!(said.contains(&format!("{} rules found", queries.len())), "{said}");
}
