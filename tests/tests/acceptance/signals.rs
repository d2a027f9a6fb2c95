//! A model that is stuck is seen: it calls the same again, varies the arguments of a call that
//! cannot work, or goes to and fro between two calls.

use rmcp::model::{CallToolRequestParams, RequestMetaObject};
use serde_json::{Value, json};
use toolwatch::event::Transport;
use toolwatch::local::Record;
use toolwatch::{HashMode, LoopThresholds, WatchBuilder};
use toolwatch_tests::observed::{Client, Recorder, call, connect};
use toolwatch_tests::server::watched;

/// What is recorded of these calls of one stdio session.
async fn records(
    set: impl FnOnce(WatchBuilder) -> WatchBuilder,
    calls: impl IntoIterator<Item = (&'static str, Value)>,
) -> Vec<Record> {
    let recorder = Recorder::with(|builder| set(builder.transport(Transport::Stdio)));
    let client = connect(watched::Server, &recorder.watch).await;
    for (tool, arguments) in calls {
        call(&client, tool, arguments).await.ok();
    }
    recorder.records()
}

fn each<T>(records: &[Record], of: impl Fn(&Record) -> T) -> Vec<T> {
    records.iter().map(of).collect()
}

fn text(text: impl ToString) -> Value {
    json!({ "text": text.to_string() })
}

#[tokio::test]
async fn the_same_call_again_is_a_loop_from_the_third_time_on() {
    let calls = ["a", "a", "a", "a", "b"].map(|word| ("echo", text(word)));
    let records = records(|builder| builder, calls).await;
    let runs = each(&records, |it| it.request_params.as_ref().map_or(0, |it| it.repeat_run));
    assert_eq!(runs, [1, 2, 3, 4, 1]);
    assert_eq!(each(&records, Record::is_loop), [false, false, true, true, false]);
    assert_eq!(each(&records, Record::error_run), [0; 5]);
    assert_eq!(records[2].attributes.signals, json!({ "loop": true }));
    assert!(records[1].attributes.signals.is_null(), "a repeat alone is no loop");
}

#[tokio::test]
async fn the_same_error_with_varied_arguments_is_a_loop_from_the_third_time_on() {
    let refused = |number: u32| ("answer", text(format!("refuse {number}")));
    let calls = [
        refused(1),
        refused(2),
        ("echo", text("let me look")),
        refused(3),
        refused(4),
        ("answer", text("now it works")),
        refused(5),
    ];
    let records = records(|builder| builder, calls).await;
    assert_eq!(each(&records, Record::error_run), [1, 2, 0, 3, 4, 0, 1]);
    assert_eq!(each(&records, Record::is_loop), [false, false, false, true, true, false, false]);
    assert!(records[0].attributes.signals.is_null() && records[6].attributes.signals.is_null());
}

#[tokio::test]
async fn arguments_that_never_fit_and_json_rpc_errors_are_failures_in_a_row_as_well() {
    let wrong = [1, 2, 3].map(|number| ("answer", json!({ "text": number })));
    let errors = [1, 2, 3].map(|number| ("protocol_fail", text(number)));
    let records = records(|builder| builder, wrong.into_iter().chain(errors)).await;
    assert_eq!(each(&records, Record::error_run), [1, 2, 3, 1, 2, 3]);
}

#[tokio::test]
async fn two_calls_in_turn_are_a_loop_from_the_sixth_call_on() {
    let calls = (0..7).map(|number| match number % 2 {
        0 => ("echo", text("a")),
        _ => ("raw", json!({})),
    });
    let records = records(|builder| builder, calls.chain([("echo", text("c"))])).await;
    assert_eq!(each(&records, Record::ping_pong), [0, 0, 0, 4, 5, 6, 7, 0]);
    let loops = [false, false, false, false, false, true, true, false];
    assert_eq!(each(&records, Record::is_loop), loops);
}

#[tokio::test]
async fn thresholds_move_the_loop_and_leave_the_counts() {
    let repeats = || (0..4).map(|_| ("echo", text("a")));
    let failures = (0..4).map(|number| ("fail", text(number)));
    let turns = || (0..5).map(|number| ("echo", text(number % 2)));
    let calls = || repeats().chain(failures.clone()).chain(turns());
    let thresholds =
        LoopThresholds::default().with_repeat_run(0).with_error_run(4).with_ping_pong(4);
    let moved = records(|builder| builder.loop_thresholds(thresholds), calls()).await;
    let default = records(|builder| builder, calls()).await;
    let loops = |records: &[Record]| {
        let all = each(records, Record::is_loop).into_iter().enumerate();
        all.filter(|(_, is_loop)| *is_loop).map(|(place, _)| place).collect::<Vec<_>>()
    };
    assert_eq!(loops(&moved), [7, 11, 12]);
    assert_eq!(loops(&default), [2, 3, 6, 7]);
    for count in [Record::error_run, Record::ping_pong] {
        assert_eq!(each(&moved, count), each(&default, count));
    }
}

#[tokio::test]
async fn two_tools_with_equal_arguments_are_no_repeat_under_the_hash_of_python_either() {
    let calls = ["echo", "raw", "echo", "raw"].map(|tool| (tool, text("a")));
    let records = records(|builder| builder.hash_mode(HashMode::PythonSha256), calls).await;
    let hashes = each(&records, |it| it.request_params.as_ref().and_then(|it| it.hash.clone()));
    assert!(hashes[0].is_some() && hashes.iter().all(|hash| *hash == hashes[0]));
    assert!(!records.iter().any(Record::is_repeat));
    assert_eq!(each(&records, Record::ping_pong), [0, 0, 0, 4]);
}

async fn call_in_trace(client: &Client, trace: u32, tool: &'static str, arguments: &Value) {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let mut params = CallToolRequestParams::new(tool).with_arguments(arguments);
    let parent = json!({ "traceparent": format!("00-{trace:032x}-b7ad6b7169203331-01") });
    params.meta = serde_json::from_value::<RequestMetaObject>(parent).ok();
    client.call_tool(params).await.ok();
}

#[tokio::test]
async fn sessions_that_take_turns_on_one_server_are_not_taken_for_a_loop() {
    let recorder = Recorder::start();
    let client = connect(watched::Server, &recorder.watch).await;
    for round in 0..6 {
        // The first repeats itself, the others are as many models that call it once.
        call_in_trace(&client, 1, "fail", &text(round)).await;
        call_in_trace(&client, 100 + round, "fail", &text(round)).await;
        call_in_trace(&client, 200 + round, "echo", &text("same")).await;
    }
    let records = recorder.records();
    assert_eq!(records.len(), 18);
    for (place, record) in records.iter().enumerate() {
        let expected = match place % 3 {
            0 => place as u64 / 3 + 1,
            1 => 1,
            _ => 0,
        };
        assert_eq!(record.error_run(), expected, "call {place}");
        assert_eq!(record.is_loop(), place % 3 == 0 && place >= 6, "call {place}");
        assert!(!record.is_repeat() && record.ping_pong() == 0, "call {place}");
    }
}
