//! From a watched call to a receiver, through the whole watch (K, quota, sampling, redelivery).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch::testing::{Received, Receiver, Reply};
use toolwatch::{DropReason, Durability, QuotaStatus, Watch, WatchBuilder};
use toolwatch_tests::observed::{Client, call, connect, offline};
use toolwatch_tests::server::watched;

/// A time within which a healthy delivery is certain.
const PATIENCE: Duration = Duration::from_secs(60);

/// So long a request waits for its reply: none is given up, and sent again, on a slow machine.
const HTTP_TIMEOUT: Duration = Duration::from_secs(120);

struct Path {
    receiver: Receiver,
    directory: tempfile::TempDir,
    watch: Watch,
    client: Client,
}

impl Path {
    async fn open(set: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Self {
        let receiver = Receiver::start().expect("a receiver");
        let directory = tempfile::tempdir().expect("a directory");
        let builder = offline()
            .endpoint(receiver.endpoint())
            .api_key("key-of-the-suite")
            .directory(directory.path())
            .http_timeout(HTTP_TIMEOUT)
            .flush_interval(Duration::from_millis(20));
        let watch = set(builder).build().expect("a watch");
        let client = connect(watched::Server, &watch).await;
        Self { receiver, directory, watch, client }
    }

    async fn call(&self, tool: &'static str, arguments: Value) {
        call(&self.client, tool, arguments).await.expect("a reply");
    }

    /// Flushes and returns all events that the receiver took.
    fn events(&self) -> Vec<Value> {
        self.watch.flush(PATIENCE);
        self.receiver.requests().iter().flat_map(Received::events).collect()
    }
}

fn quota(status: &str) -> Reply {
    let body =
        json!({ "accepted": 1, "quota": { "limit": 100, "remaining": 3, "status": status } });
    Reply::status(200).body(body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k3_a_call_is_sent_with_the_same_id_and_times_on_every_attempt() {
    let path = Path::open(|builder| builder).await;
    path.receiver.script([
        Reply::status(503).header("retry-after", "0"),
        Reply::reset(),
        Reply::status(429).header("retry-after", "0"),
    ]);
    path.call("echo", json!({ "text": "x" })).await;
    assert!(path.receiver.wait_for_requests(4, PATIENCE), "four attempts");
    let delivery = path.watch.flush(PATIENCE);
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (1, 0, 0));
    let attempts: Vec<_> = path.receiver.requests().iter().map(Received::events).collect();
    assert_eq!(attempts.len(), 4);
    assert!(attempts.iter().all(|attempt| attempt.len() == 1 && *attempt == attempts[0]));
    for member in ["event_id", "started_at", "ended_at", "server_name", "sdk_version"] {
        assert!(attempts[0][0][member].is_string(), "{member}");
    }
    let request = &path.receiver.requests()[0];
    assert_eq!(request.target(), "POST /v1/events");
    assert_eq!(request.header("authorization"), Some("Bearer key-of-the-suite"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quota_reaches_quota_status_and_the_callback_once_per_change() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let path = Path::open(|builder| {
        builder.on_quota_warning(move |quota| {
            heard.lock().expect("a lock").push((quota.status(), quota.remaining()));
            panic!("a callback that fails harms nobody");
        })
    })
    .await;
    assert!(path.watch.quota_status().is_none());
    for status in ["ok", "warning", "warning", "exceeded", "ok"] {
        path.receiver.script([quota(status)]);
        path.call("fail", json!({ "text": "an error is always kept" })).await;
        path.watch.flush(PATIENCE);
    }
    let told = told.lock().expect("a lock");
    assert_eq!(*told, [(QuotaStatus::Warning, Some(3)), (QuotaStatus::Exceeded, Some(3))]);
    assert_eq!(path.watch.quota_status().map(|quota| quota.status()), Some(QuotaStatus::Ok));
    // K9: the callback's panic is counted and sends nothing twice.
    assert_eq!(path.receiver.event_ids().len(), 5);
    assert_eq!(path.watch.stats().own().delivered(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exceeded_quota_keeps_errors_and_samples_successes_with_their_weight() {
    let path = Path::open(|builder| builder).await;
    path.receiver.always(quota("exceeded"));
    path.call("fail", json!({ "text": "x" })).await;
    path.watch.flush(PATIENCE);
    for _ in 0..150 {
        path.call("nothing", json!({})).await;
        path.call("fail", json!({ "text": "x" })).await;
    }
    let events = path.events();
    let of = |name: &str| events.iter().filter(|event| event["event_name"] == name).count();
    assert_eq!(of("fail"), 151);
    let kept = of("nothing");
    assert!((1..75).contains(&kept), "about a tenth of 150: {kept}");
    let weights = events.iter().filter_map(|event| event["attributes"]["weight"].as_f64());
    assert!(weights.eq(std::iter::repeat_n(10.0, kept)));
    let stats = path.watch.stats();
    assert_eq!(stats.own().dropped(DropReason::Sampled), 150 - kept as u64);
    assert!(stats.is_balanced());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_rate_of_zero_keeps_errors_alone() {
    let path = Path::open(|builder| builder.sample_rate(0.0)).await;
    path.call("nothing", json!({})).await;
    path.call("echo", json!({ "text": 7 })).await;
    path.call("fail", json!({ "text": "x" })).await;
    let events = path.events();
    let names: Vec<_> = events.iter().map(|event| &event["event_name"]).collect();
    assert_eq!(names, ["echo", "fail"]);
    assert!(events.iter().all(|event| event["attributes"].get("weight").is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durability_memory_makes_no_file_and_still_delivers() {
    let path = Path::open(|builder| builder.durability(Durability::Memory)).await;
    assert!(path.watch.directory().is_none());
    path.call("echo", json!({ "text": "x" })).await;
    assert_eq!(path.events().len(), 1);
    path.receiver.always(Reply::status(503));
    path.call("echo", json!({ "text": "x" })).await;
    let delivery = path.watch.shutdown(Duration::from_millis(100));
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (1, 0, 1));
    assert_eq!(path.watch.stats().own().dropped(DropReason::Shutdown), 1);
    let files = std::fs::read_dir(path.directory.path()).expect("the directory").count();
    assert_eq!(files, 0, "memory mode makes no file, not even the key's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k9_a_poison_event_does_not_cost_its_batch() {
    let path = Path::open(|builder| builder.flush_interval(Duration::from_secs(3_600))).await;
    path.receiver.decide(|request| {
        let is_poison = |event: &Value| event["event_name"] == "fail";
        Reply::status(if request.events().iter().any(is_poison) { 400 } else { 202 })
    });
    for tool in ["nothing", "fail", "nothing", "nothing"] {
        path.call(tool, json!({ "text": "x" })).await;
    }
    let delivery = path.watch.flush(PATIENCE);
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (3, 0, 1));
    assert_eq!(path.watch.stats().own().dropped(DropReason::Poison), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k1_a_call_never_waits_for_a_receiver_that_hangs() {
    let path = Path::open(|builder| builder).await;
    path.receiver.always(Reply::hang());
    path.call("nothing", json!({})).await;
    assert!(path.receiver.wait_for_requests(1, PATIENCE));
    let before = std::time::Instant::now();
    for _ in 0..100 {
        path.call("nothing", json!({})).await;
    }
    assert!(before.elapsed() < PATIENCE / 2, "{:?}", before.elapsed());
    let delivery = path.watch.shutdown(Duration::from_millis(50));
    assert_eq!((delivery.delivered, delivery.spooled, delivery.dropped), (0, 101, 0));
}
