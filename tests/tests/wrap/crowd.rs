//! D8, E6: many sessions at once, each with a client, an identity and tools of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch::IdentityLevel;
use toolwatch::local::Record;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::wrapped::{Era, PATIENCE, records_when};

use crate::servers::{Hand, text_tool};

const SESSIONS: usize = 64;

/// Calls of each session.
const CALLS: usize = 3;

fn recorder() -> Recorder {
    Recorder::with(|builder| {
        let builder = builder.identity_level(IdentityLevel::Label).identify(|request| {
            let header = request.headers().and_then(|headers| headers.get("x-user"));
            let header = header.and_then(|user| user.to_str().ok()).map(str::to_owned);
            async move {
                // Not at once: the answer must still meet its own call.
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(header)
            }
        });
        builder.identify_timeout(PATIENCE).intent_scope(toolwatch::IntentScope::All)
    })
}

/// Names that live as long as the suite: a tool per session.
fn tool_name(number: usize) -> &'static str {
    Box::leak(format!("tool-of-{number:02}").into_boxed_str())
}

async fn session(address: std::net::SocketAddr, era: Era, number: usize) {
    let client = Posts::start(address, era, &format!("client-{number:02}")).await;
    let mut client = client.expect("a client").with_header("x-user", &format!("user-{number:02}"));
    let listed = client.request("tools/list", json!({})).await.expect("a list");
    assert!(listed["result"]["tools"].is_array(), "{listed}");
    for call in 0..CALLS {
        let arguments = json!({ "text": "x".repeat(number + 1), "context": format!("because-{number:02}-{call}") });
        let reply = client.call(tool_name(number), arguments).await.expect("a reply");
        assert!(reply["result"]["content"].is_array(), "{reply}");
    }
    if era == Era::Session {
        client.leave().await.expect("the end");
    }
}

/// Everything of a record in which the number of a session stands.
fn numbers(record: &Record) -> BTreeSet<String> {
    let text = json!(record).to_string();
    let mut numbers = BTreeSet::new();
    for marker in ["tool-of-", "client-", "user-", "because-"] {
        for (at, _) in text.match_indices(marker) {
            numbers.insert(text[at + marker.len()..][..2].to_owned());
        }
    }
    numbers
}

async fn crowd(era: Era) -> (Recorder, Vec<Record>) {
    let recorder = recorder();
    let watch = recorder.watch.clone();
    let pages = vec![(0..SESSIONS).map(|number| text_tool(tool_name(number))).collect()];
    // Long enough for the answer about the caller.
    let hand = Hand { delay: Duration::from_millis(5), ..Hand::new(pages) };
    let served = std::sync::Arc::new(AtomicUsize::new(0));
    let made = std::sync::Arc::clone(&served);
    let address = posts::serve(move || {
        made.fetch_add(1, Ordering::Relaxed);
        watch.wrap(hand.clone())
    })
    .await;
    let sessions: Vec<_> =
        (0..SESSIONS).map(|number| tokio::spawn(session(address, era, number))).collect();
    for session in sessions {
        session.await.expect("a session");
    }
    assert!(served.load(Ordering::Relaxed) >= SESSIONS);
    let expected = SESSIONS * CALLS;
    let closes = if era == Era::Session { SESSIONS } else { 0 };
    let is_done = |records: &[Record]| {
        let count = |kind: &str| records.iter().filter(|record| record.event_type == kind).count();
        count("tool_call") >= expected && count("close") >= closes
    };
    let records = records_when(&recorder, is_done).await;
    let calls = records.iter().filter(|record| record.event_type == "tool_call");
    assert_eq!(calls.clone().count(), expected);
    for record in calls {
        let number = &record.event_name["tool-of-".len()..];
        assert_eq!(record.client_name, Some(format!("client-{number}")));
        assert_eq!(record.attributes.others["identity"]["label"], format!("user-{number}"));
        assert!(record.intent().is_some_and(|why| why.starts_with(&format!("because-{number}-"))));
        assert_eq!(numbers(record), BTreeSet::from([number.to_owned()]));
        let shape = record.request_params.as_ref().expect("arguments");
        let len = number.parse::<usize>().expect("a number") + 1;
        assert_eq!(shape.fields["text"]["len"], len);
    }
    (recorder, records)
}

/// By session: its key, as it was written, and the client of its events.
fn sessions(records: &[Record]) -> BTreeMap<String, BTreeSet<Option<String>>> {
    let mut sessions: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.attributes.session.is_null()) {
        let key = record.attributes.session["key"].to_string();
        sessions.entry(key).or_default().insert(record.client_name.clone());
    }
    sessions
}

#[tokio::test]
async fn d8_e6_64_sessions_at_once_share_nothing() {
    let (_recorder, records) = crowd(Era::Session).await;
    let sessions = sessions(&records);
    assert_eq!(sessions.len(), SESSIONS, "one key for each session");
    assert!(sessions.values().all(|clients| clients.len() == 1), "{sessions:#?}");
    let clients: BTreeSet<_> = sessions.values().flatten().collect();
    assert_eq!(clients.len(), SESSIONS);
    for kind in ["initialize", "session_start", "close", "tools_list"] {
        let of_kind: Vec<_> = records.iter().filter(|record| record.event_type == kind).collect();
        assert_eq!(of_kind.len(), SESSIONS, "{kind}");
        let clients: BTreeSet<_> = of_kind.iter().map(|record| &record.client_name).collect();
        assert_eq!(clients.len(), SESSIONS, "{kind}");
    }
    let ends = records.iter().filter(|record| record.event_type == "close");
    for end in ends.map(|record| &record.attributes.others["session_end"]) {
        // The handshake's two, the list and the calls.
        assert_eq!((&end["requests"], &end["errors"]), (&json!(3 + CALLS), &json!(0)));
    }
}

#[tokio::test]
async fn d8_e6_64_stateless_clients_at_once_share_nothing() {
    let (_recorder, records) = crowd(Era::Stateless).await;
    let sessions = sessions(&records);
    // Nothing in a request tells its session; the identified caller and its client do, and say how
    // sure that is.
    assert_eq!(sessions.len(), SESSIONS);
    assert!(sessions.values().all(|clients| clients.len() == 1), "{sessions:#?}");
    let calls = records.iter().filter(|record| record.event_type == "tool_call");
    let sources: BTreeSet<_> =
        calls.map(|call| call.attributes.session["source"].clone().to_string()).collect();
    assert_eq!(sources, BTreeSet::from([Value::from("caller").to_string()]));
    assert!(
        records
            .iter()
            .all(|record| !["session_start", "close"].contains(&record.event_type.as_str()))
    );
}
