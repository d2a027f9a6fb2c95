//! The official conformance suite: each scenario has the same verdict with and without a watch.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use toolwatch_tests::clients::{HttpServer, Runtime};

use crate::{EVERYTHING, cache};

/// Scenario to verdict: the status of each of its checks, in their order.
type Verdicts = BTreeMap<String, Vec<String>>;

#[tokio::test]
async fn conformance_to_2025_11_25_is_the_same() {
    check(&["--requirements", "2025-11-25"]).await;
}

#[tokio::test]
async fn conformance_to_2026_07_28_is_the_same() {
    check(&["--requirements", "2026-07-28"]).await;
}

#[tokio::test]
async fn conformance_with_all_extensions_is_the_same() {
    check(&["--suite", "all"]).await;
}

#[tokio::test]
async fn conformance_to_2025_06_18_is_the_same() {
    check(&["--suite", "all", "--spec-version", "2025-06-18"]).await;
}

/// How often the scenarios are run until all verdicts agree. The suite waits a second or less for
/// some of what it looks for, and a busy machine may be late; what a watch changes, it changes each
/// time.
const ATTEMPTS: usize = 4;

/// Runs the scenarios that `selection` names against the server without and with a watch.
async fn check(selection: &[&str]) {
    let Some(node) = Runtime::node(&cache()).await else { return };
    let run = |mode| verdicts(node, selection, mode);
    // Side by side: what takes the suite its time is waiting.
    let mut all = tokio::join!(run("plain"), run("watched"), run("routed"));
    for _ in 1..ATTEMPTS {
        if all.0 == all.1 && all.0 == all.2 && !all.0.values().any(|verdict| has_failed(verdict)) {
            break;
        }
        all = (run("plain").await, run("watched").await, run("routed").await);
    }
    let (plain, watched, routed) = all;
    report(selection, "plain", &plain);
    // The server under test has all that the suite asks for, so that no failures are compared.
    let failed = plain.iter().filter(|(_, verdict)| has_failed(verdict)).map(|(name, _)| name);
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&String>::new());
    for (mode, verdicts) in [("watched", watched), ("routed", routed)] {
        report(selection, mode, &verdicts);
        for (scenario, verdict) in &plain {
            assert_eq!(verdicts.get(scenario), Some(verdict), "{scenario}, {mode}");
        }
        assert_eq!(plain.len(), verdicts.len(), "{mode}");
    }
}

async fn verdicts(node: &Runtime, selection: &[&str], mode: &str) -> Verdicts {
    let results = tempfile::tempdir().expect("a directory");
    let record = tempfile::tempdir().expect("a directory");
    let server = HttpServer::start(EVERYTHING, mode, record.path()).await;
    let output = results.path().to_string_lossy();
    let arguments =
        [&["server", "--url", server.url(), "--output-dir", &output], selection].concat();
    let ended = node.finish("conformance.mjs", &arguments, record.path()).await;
    server.stop().await;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    // Its status says whether a scenario failed, which the verdicts say better.
    let verdicts = read(results.path());
    assert!(verdicts.len() > 20, "{mode}: {} scenarios were run: {said}", verdicts.len());
    verdicts
}

/// Reads what the suite leaves: for each scenario a folder with its checks, named after it and the time.
fn read(results: &Path) -> Verdicts {
    let folders = std::fs::read_dir(results).expect("results");
    folders
        .map(|folder| {
            let folder = folder.expect("a folder");
            let name = folder.file_name().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(folder.path().join("checks.json")).expect("checks");
            let checks: Vec<Value> = serde_json::from_str(&text).expect("checks");
            let verdict = |check: &Value| format!("{} {}", check["id"], check["status"]);
            (scenario(&name).to_owned(), checks.iter().map(verdict).collect())
        })
        .collect()
}

/// `server-ping-2026-01-02T03-04-05-006Z` is of the scenario `ping`.
fn scenario(folder: &str) -> &str {
    let timed = folder.strip_prefix("server-").unwrap_or(folder);
    timed.len().checked_sub("-2026-01-02T03-04-05-006Z".len()).map_or(timed, |end| &timed[..end])
}

fn has_failed(verdict: &[String]) -> bool {
    verdict.iter().any(|check| check.contains("FAILURE"))
}

fn report(selection: &[&str], mode: &str, verdicts: &Verdicts) {
    let checks: Vec<&String> = verdicts.values().flatten().collect();
    let count = |status: &str| checks.iter().filter(|check| check.contains(status)).count();
    let failed = verdicts.values().filter(|verdict| has_failed(verdict)).count();
    println!(
        "{} {mode}: {} scenarios, {failed} failed; {} checks, {} passed, {} failed, {} warned",
        selection.join(" "),
        verdicts.len(),
        checks.len(),
        count("SUCCESS"),
        count("FAILURE"),
        count("WARNING"),
    );
}
