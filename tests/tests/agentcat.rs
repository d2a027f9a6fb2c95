//! The AgentCat destination against a receiver that records what it is sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch::destination::AgentCat;
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{DropReason, Watch};
use toolwatch_tests::server::watched;
use toolwatch_tests::wrapped::{Era, Lines};

/// How long something may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// The members of `PublishEventRequest` in `agentcat-api` 0.0.3 that we send.
const MEMBERS: [&str; 19] = [
    "project_id",
    "event_id",
    "event_type",
    "session_id",
    "is_error",
    "error",
    "resource_name",
    "duration",
    "timestamp",
    "user_intent",
    "parameters",
    "response",
    "tags",
    "properties",
    "sdk_language",
    "server_name",
    "server_version",
    "client_name",
    "client_version",
];

struct Setup {
    receiver: Receiver,
    watch: Watch,
    _directory: tempfile::TempDir,
}

fn setup() -> Setup {
    let receiver = Receiver::start().expect("a receiver");
    let directory = tempfile::tempdir().expect("a directory");
    let agentcat = AgentCat::new(&receiver.endpoint(), "proj_test").expect("a destination");
    let watch = Watch::builder()
        .environment(|_| None)
        .server("shop", "1.2.3")
        .transport(toolwatch::event::Transport::Stdio)
        .directory(directory.path())
        .destination(agentcat)
        .flush_interval(Duration::from_secs(3600))
        .on_error(|_| {})
        .build()
        .expect("a watch");
    Setup { receiver, watch, _directory: directory }
}

fn bodies(requests: &[Received]) -> Vec<Value> {
    requests.iter().map(Received::json).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_arrive_as_shapes_in_the_form_of_the_public_api() {
    let setup = setup();
    let server = setup.watch.wrap_with_router(watched::Server, watched::Server::tool_router());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a session");
    let secret = "needle-for-agentcat";
    lines.call("echo", json!({ "text": secret })).await.expect("a reply");
    lines.call("fail", json!({ "text": secret })).await.expect("a reply");
    setup.watch.flush(PATIENCE);
    let requests = setup.receiver.requests();
    let lines: Vec<_> = requests.iter().map(Received::line).collect();
    assert!(lines.iter().all(|line| line.starts_with("POST /v1/public/events/ ")), "{lines:?}");
    assert!(requests.iter().all(|request| request.header("authorization").is_none()));
    let bodies = bodies(&requests);
    let text = json!(bodies).to_string();
    assert!(!text.contains(secret), "{text}");
    for body in &bodies {
        let unknown = |name: &&String| !MEMBERS.contains(&name.as_str());
        let names = body.as_object().expect("an object").keys();
        assert_eq!(names.filter(unknown).count(), 0, "{body:#}");
        assert_eq!(
            (&body["project_id"], &body["sdk_language"]),
            (&json!("proj_test"), &json!("rust"))
        );
        assert!(body["duration"].is_i64() && body["timestamp"].is_string(), "{body:#}");
    }
    let calls: Vec<_> =
        bodies.iter().filter(|body| body["event_type"] == "mcp:tools/call").collect();
    let find = |name: &str| calls.iter().find(|body| body["resource_name"] == name).expect(name);
    let (echo, fail) = (find("echo"), find("fail"));
    assert_eq!((&echo["is_error"], &fail["is_error"]), (&json!(false), &json!(true)));
    assert_eq!(fail["error"]["type"], "tool_error");
    assert!(echo["error"].is_null() && echo["parameters"]["bytes"].is_u64(), "{echo:#}");
    assert!(echo["session_id"].as_str().expect("a session").starts_with("ses_"));
    assert_eq!((&echo["server_name"], &echo["client_name"]), (&json!("shop"), &json!("lines")));
    let types: Vec<_> = bodies.iter().map(|body| body["event_type"].clone()).collect();
    assert!(types.contains(&json!("mcp:initialize")) && types.contains(&json!("agentcat:custom")));
}

#[test]
fn after_a_failure_only_what_was_not_answered_is_sent_again() {
    let setup = setup();
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    // The fourth request fails once, and the second event is refused for good.
    setup.receiver.decide(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        1 => Reply::status(422),
        3 => Reply::status(503),
        _ => Reply::status(202),
    });
    (0..6).for_each(|_| setup.watch.event("order_made").record());
    let began = std::time::Instant::now();
    while setup.watch.stats().own().spooled() > 0 && began.elapsed() < PATIENCE {
        setup.watch.flush(Duration::from_secs(1));
    }
    let own = *setup.watch.stats().own();
    assert_eq!((own.delivered(), own.dropped(DropReason::Rejected)), (5, 1));
    let ids: Vec<_> = bodies(&setup.receiver.requests())
        .iter()
        .map(|body| body["event_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 7, "six events, and one of them twice");
    assert_eq!(ids[3], ids[4]);
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 6);
}

#[test]
fn a_refused_project_keeps_the_events_and_tells_the_operator() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let receiver = Receiver::start().expect("a receiver");
    receiver.decide(|_| Reply::status(403));
    let directory = tempfile::tempdir().expect("a directory");
    let listening = Arc::clone(&told);
    let watch = Watch::builder()
        .environment(|_| None)
        .directory(directory.path())
        .destination(AgentCat::new(&receiver.endpoint(), "proj_test").expect("a destination"))
        .on_error(move |error| listening.lock().expect("a lock").push(error.to_string()))
        .build()
        .expect("a watch");
    watch.event("order_made").record();
    // Less than the pause after such an answer, so that it returns when that is there.
    watch.flush(PATIENCE);
    assert_eq!(watch.stats().own().spooled(), 1);
    assert_eq!(told.lock().expect("a lock").len(), 1, "{told:?}");
}

#[test]
fn what_cannot_be_an_endpoint_or_a_project_is_refused() {
    for (endpoint, project, rule) in [
        ("api.agentcat.com", "proj", "absolute URL"),
        ("https://user:word@api.agentcat.com", "proj", "credentials"),
        ("https://api.agentcat.com", "", "project id"),
        ("https://api.agentcat.com", "a/b", "project id"),
    ] {
        let error = AgentCat::new(endpoint, project).expect_err(endpoint);
        assert!(error.is_configuration() && error.to_string().contains(rule), "{error}");
    }
}

/// A watch whose look-up has these variables, and what is in its destinations' names.
fn by_variables(set: &[(&str, String)], add: Option<AgentCat>) -> (Watch, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let set: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let look_up = move |name: &str| Some(set.iter().find(|(of, _)| of == name)?.1.clone());
    let building = Watch::builder().directory(directory.path()).environment(look_up);
    let building = match add {
        Some(agentcat) => building.destination(agentcat),
        None => building,
    };
    (building.on_error(|_| {}).build().expect("a watch"), directory)
}

#[test]
fn variables_alone_turn_it_on_and_code_wins_over_them() {
    let (receiver, other) = (Receiver::start().expect("one"), Receiver::start().expect("two"));
    let set = [
        ("TOOLWATCH_AGENTCAT", "1".to_owned()),
        ("AGENTCAT_API_URL", receiver.endpoint()),
        ("AGENTCAT_PROJECT_ID", "proj_env".to_owned()),
    ];
    let (watch, _directory) = by_variables(&set, None);
    assert_eq!(watch.destinations()[0].0, "agentcat");
    watch.event("order_made").record();
    assert_eq!(watch.flush(PATIENCE).delivered, 1);
    assert_eq!(bodies(&receiver.requests())[0]["project_id"], "proj_env");

    let given = AgentCat::new(&other.endpoint(), "proj_code").expect("a destination");
    let (watch, _directory) = by_variables(&set, Some(given));
    watch.event("order_made").record();
    assert_eq!(watch.flush(PATIENCE).delivered, 1);
    assert_eq!((other.requests().len(), receiver.requests().len()), (1, 1));
    assert_eq!(watch.destinations().len(), 1);
}

#[test]
fn without_an_address_a_project_or_the_switch_nothing_is_sent_anywhere() {
    let receiver = Receiver::start().expect("a receiver");
    let variables = [
        ("TOOLWATCH_AGENTCAT", "1".to_owned()),
        ("AGENTCAT_API_URL", receiver.endpoint()),
        ("AGENTCAT_PROJECT_ID", "proj_env".to_owned()),
    ];
    for left_out in 0..variables.len() {
        let mut set = variables.to_vec();
        set.remove(left_out);
        assert!(!by_variables(&set, None).0.is_enabled(), "{set:?}");
    }
    for (name, wrong) in [("AGENTCAT_API_URL", "api.agentcat.com"), ("AGENTCAT_PROJECT_ID", "a/b")]
    {
        let mut set = variables.to_vec();
        set.retain(|(of, _)| *of != name);
        set.push((name, wrong.to_owned()));
        assert!(!by_variables(&set, None).0.is_enabled(), "{set:?}");
    }
}
