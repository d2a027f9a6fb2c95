//! Calls and events of a case, each of which must have its event in the end.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::json;
use toolwatch::Watch;
use toolwatch_tests::observed::{Client, call, connect};
use toolwatch_tests::server::watched;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static CUSTOMS: AtomicUsize = AtomicUsize::new(0);

/// How many calls were replied to, and how many events of the author's own there are.
pub(crate) fn made() -> (usize, usize) {
    (CALLS.load(SeqCst), CUSTOMS.load(SeqCst))
}

/// The text of the next call, of a length of its own.
pub(crate) fn next_text() -> String {
    "x".repeat(CALLS.fetch_add(1, SeqCst) + 1)
}

/// A client of a server under this watch, on the runtime that runs.
pub(crate) async fn client(watch: &Watch) -> Client {
    connect(watched::Server, watch).await
}

/// Makes so many calls on this client and reads the replies.
pub(crate) async fn make(client: &Client, count: usize) {
    for _ in 0..count {
        call(client, "echo", json!({ "text": next_text() })).await.expect("a reply");
    }
}

/// A session of so many calls, from its start to its end.
pub(crate) async fn session(watch: &Watch, count: usize) {
    let client = client(watch).await;
    make(&client, count).await;
    client.cancel().await.expect("the client ends");
}

/// One event of the author's own.
pub(crate) fn custom(watch: &Watch) {
    watch.event("made").count("number", CUSTOMS.fetch_add(1, SeqCst)).record();
}
