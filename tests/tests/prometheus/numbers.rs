//! The text has the numbers of the registry, and both those of the calls that were made.

use rmcp::model::{GetPromptRequestParams, ReadResourceRequestParams};
use serde_json::json;
use toolwatch::prometheus::Exporter;
use toolwatch::{Durability, Watch};
use toolwatch_tests::everything::Everything;
use toolwatch_tests::wrapped::connect;

use crate::exposition::{Exposition, parse};
use crate::{builder, call, session, text};

/// Calls in every way that differs in the numbers.
async fn make_calls(watch: &Watch) {
    let client = session(watch).await;
    for n in 0..7 {
        call(&client, "echo", text(&format!("different {n}"))).await;
    }
    for _ in 0..3 {
        call(&client, "answer", text("refuse")).await;
    }
    call(&client, "echo", json!({ "text": 7 })).await;
    call(&client, "echo", json!({ "text": "x", "surprise": 1, "another": 2 })).await;
    call(&client, "echo", json!({})).await;
    call(&client, "protocol_fail", text("x")).await;
    call(&client, "no_such_tool", json!({})).await;
    client.list_all_tools().await.expect("a list");
    client.cancel().await.expect("the end");
}

fn read(watch: &Watch) -> Exposition {
    parse(&Exporter::new(watch).text()).expect("the text can be read")
}

#[tokio::test]
async fn every_number_is_that_of_the_calls_that_were_made() {
    let watch = builder().metrics().build().expect("a watch");
    make_calls(&watch).await;
    let read = read(&watch);
    let calls =
        |tool, status| read.value("mcp_tool_calls_total", &[("tool", tool), ("status", status)]);
    assert_eq!(calls("echo", "ok"), 8.0);
    assert_eq!(calls("echo", "invalid_arguments"), 2.0);
    assert_eq!(calls("echo", "panic"), 0.0, "an outcome that did not occur is there");
    assert_eq!(calls("answer", "tool_error"), 3.0);
    assert_eq!(calls("_unknown", "unknown_tool"), 1.0);
    let of_echo = |name: &str| read.value(name, &[("tool", "echo")]);
    assert_eq!(of_echo("mcp_tool_duration_seconds_count"), 10.0);
    assert_eq!(of_echo("mcp_tool_in_flight"), 0.0);
    assert_eq!(of_echo("mcp_tool_arguments_checked_total"), 10.0);
    assert_eq!(of_echo("mcp_tool_arguments_invalid_total"), 2.0);
    assert_eq!(of_echo("mcp_tool_argument_keys_unknown_total"), 2.0);
    assert_eq!(of_echo("mcp_tool_argument_keys_missing_total"), 1.0);
    let of_answer = |name: &str| read.value(name, &[("tool", "answer")]);
    assert_eq!(of_answer("mcp_tool_repeated_calls_total"), 2.0);
    assert!(of_answer("mcp_tool_looping_calls_total") >= 1.0);
    let operations =
        |labels: &[(&str, &str)]| read.value("mcp_server_operation_duration_seconds_count", labels);
    let method = ("mcp_method_name", "tools/call");
    assert_eq!(operations(&[method, ("gen_ai_tool_name", "echo")]), 8.0);
    let invalid = [method, ("gen_ai_tool_name", "echo"), ("error_type", "tool_error")];
    assert_eq!(operations(&invalid), 2.0);
    assert_eq!(
        operations(&[
            method,
            ("gen_ai_tool_name", "protocol_fail"),
            ("error_type", "-32603"),
            ("rpc_response_status_code", "-32603"),
        ]),
        1.0
    );
    assert_eq!(operations(&[("mcp_method_name", "tools/list")]), 1.0);
    assert_eq!(read.value("mcp_server_session_duration_seconds_count", &[]), 1.0);
    assert_eq!(read.value("toolwatch_build_info", &[("version", "0.1.0")]), 1.0);
}

#[tokio::test]
async fn the_text_has_what_the_registry_has() {
    let watch = builder().metrics().build().expect("a watch");
    make_calls(&watch).await;
    let (read, metrics) = (read(&watch), watch.metrics().expect("it is on"));
    for tool in &metrics.tools {
        let of = |name: &str| read.value(name, &[("tool", tool.name.as_str())]);
        for (outcome, count) in tool.by_outcome() {
            let labels = [("tool", tool.name.as_str()), ("status", outcome.as_str())];
            assert_eq!(read.value("mcp_tool_calls_total", &labels), count as f64);
        }
        for (bound, count) in tool.durations.buckets() {
            let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            let labels = [("tool", tool.name.as_str()), ("le", bound.as_str())];
            assert_eq!(read.value("mcp_tool_duration_seconds_bucket", &labels), count as f64);
        }
        assert_eq!(of("mcp_tool_duration_seconds_sum"), tool.durations.sum_seconds());
        assert_eq!(of("mcp_tool_duration_seconds_count"), tool.durations.count() as f64);
    }
    let all: u64 = metrics.operations.iter().map(|of| of.durations.count()).sum();
    let operations = &read.0["mcp_server_operation_duration_seconds"].samples;
    let counts = operations.iter().filter(|((name, _), _)| name.ends_with("_count"));
    assert_eq!(counts.map(|(_, count)| count).sum::<f64>(), all as f64);
}

#[tokio::test]
async fn reads_and_prompts_are_counted_and_no_uri_is_a_label() {
    let watch = builder().metrics().build().expect("a watch");
    let client = connect(watch.wrap(Everything::default())).await;
    let uri = "test://static-text";
    for _ in 0..3 {
        client.read_resource(ReadResourceRequestParams::new(uri)).await.expect("a resource");
    }
    client.list_all_prompts().await.expect("prompts");
    client.get_prompt(GetPromptRequestParams::new("test_simple_prompt")).await.expect("a prompt");
    let read = read(&watch);
    assert_eq!(read.value("mcp_resource_reads_total", &[]), 3.0);
    assert_eq!(read.value("mcp_resource_rereads_total", &[]), 2.0);
    let operations =
        |labels: &[(&str, &str)]| read.value("mcp_server_operation_duration_seconds_count", labels);
    let prompt = ("gen_ai_prompt_name", "test_simple_prompt");
    assert_eq!(operations(&[("mcp_method_name", "prompts/get"), prompt]), 1.0);
    assert_eq!(operations(&[("mcp_method_name", "resources/read")]), 3.0);
    assert!(!Exporter::new(&watch).text().contains("static-text"));
}

#[tokio::test]
async fn a_call_under_way_is_in_flight() {
    let watch = builder().metrics().build().expect("a watch");
    let client = session(&watch).await;
    let waiting = call(&client, "wait", json!({ "text": "x", "times": 60_000 }));
    let seen = async {
        loop {
            let read = read(&watch);
            if read.find("mcp_tool_in_flight", &[("tool", "wait")]) == Some(1.0) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let seen = tokio::time::timeout(crate::PATIENCE, seen);
    tokio::select! { () = waiting => panic!("it waits"), seen = seen => seen.expect("in time") }
}

#[tokio::test]
async fn what_became_of_events_is_the_account_of_each_destination() {
    let directory = tempfile::tempdir().expect("a directory");
    let watch = builder().local().directory(directory.path()).build().expect("a watch");
    make_calls(&watch).await;
    let stats = watch.stats();
    let read = read(&watch);
    let of = |name: &str| read.value(name, &[("destination", "none"), ("account", "own")]);
    assert_eq!(of("toolwatch_events_captured_total"), stats.own().captured() as f64);
    assert_eq!(of("toolwatch_events_spooled"), stats.own().spooled() as f64);
    assert!(of("toolwatch_events_captured_total") > 10.0);
    let dropped = &read.0["toolwatch_events_dropped_total"].samples;
    assert_eq!(dropped.len(), 2 * toolwatch::DropReason::ALL.len());
    let own = dropped.iter().filter(|((_, labels), _)| labels["account"] == "own");
    let dropped: f64 = own.map(|(_, count)| count).sum();
    let (delivered, spooled) =
        (of("toolwatch_events_delivered_total"), of("toolwatch_events_spooled"));
    assert_eq!(of("toolwatch_events_captured_total"), delivered + spooled + dropped);
}

#[tokio::test]
async fn a_watch_for_readers_alone_has_no_file_no_account_and_no_wait() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("record");
    for durability in [Durability::Spool, Durability::Memory] {
        let watch = builder().metrics().durability(durability).directory(&place).build();
        let watch = watch.expect("a watch");
        assert!(watch.is_enabled() && watch.directory().is_none());
        make_calls(&watch).await;
        assert!(watch.destinations().is_empty() && watch.quota_status().is_none());
        assert_eq!(watch.stats().own().captured(), 0);
        assert_eq!(watch.flush(crate::PATIENCE), toolwatch::Delivery::default());
        assert_eq!(watch.shutdown(crate::PATIENCE), toolwatch::Delivery::default());
        assert_eq!(watch.shutdown(crate::PATIENCE), toolwatch::Delivery::default());
        assert!(!place.exists(), "there is a file");
        assert!(!read(&watch).0.contains_key("toolwatch_events_captured_total"));
    }
}

#[test]
fn a_watch_that_is_off_or_gone_shows_nothing() {
    assert_eq!(Exporter::new(&Watch::disabled()).text(), "");
    let watch = builder().metrics().build().expect("a watch");
    let exporter = Exporter::new(&watch);
    assert!(!exporter.text().is_empty());
    drop(watch);
    assert_eq!(exporter.text(), "", "an exporter does not keep the watch");
    let off = Watch::builder()
        .environment(|name| (name == "TOOLWATCH_ENABLED").then(|| "false".to_owned()))
        .prometheus_listen(([127, 0, 0, 1], 0).into())
        .metrics()
        .build()
        .expect("off is no error");
    assert!(!off.is_enabled() && off.prometheus_address().is_none());
}
