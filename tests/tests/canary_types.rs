//! Promise: no public type prints a key or a caller's data (A11), and no error message quotes a
//! setting (rule 17 of the style).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use toolwatch::destination::IngestClient;
use toolwatch::local::{Reader, Summary};
use toolwatch::testing::{Receiver, Reply};
use toolwatch::{Ack, Batch, Destination, Durability, Otlp, SendError, Watch};
use toolwatch_tests::canary::needle::{Kind, Needles};
use toolwatch_tests::canary::sinks::Sinks;
use toolwatch_tests::canary::verdict::judge;

#[track_caller]
fn check(needles: &Needles, sinks: &Sinks) {
    assert!(!sinks.is_empty(), "nothing was searched");
    let leaks = judge(needles, sinks).leaks;
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn a11_builders_and_clients_never_print_their_key() {
    let (mut needles, mut sinks) = (Needles::new(1), Sinks::default());
    for _ in 0..50 {
        let key = needles.word_within(Kind::ApiKey, "the API key", "tw_", "");
        let user_agent = "canary/1";
        let client =
            IngestClient::builder("http://127.0.0.1:9", key.clone()).user_agent(user_agent);
        sinks.add_debug("IngestClientBuilder", &client);
        let client = client.build().expect("a client");
        sinks.add_debug("IngestClient", &client);
        let otlp = Otlp::new().header("x-key", key.clone()).resource_attribute("team", &key);
        sinks.add_debug("Otlp", &otlp);
        let watch = Watch::builder().api_key(key).endpoint("http://127.0.0.1:9").otlp(otlp);
        sinks.add_debug("WatchBuilder", &watch);
    }
    check(&needles, &sinks);
}

#[test]
fn errors_of_wrong_settings_never_quote_them() {
    let (mut needles, mut sinks) = (Needles::new(2), Sinks::default());
    for number in 0..200 {
        let text = needles.text(Kind::ApiKey, "a setting");
        let endpoints = [
            text.clone(),
            format!("http://user:{text}@127.0.0.1:9"),
            format!("http://127.0.0.1:9/?key={text}"),
            format!("{text}://127.0.0.1:9"),
            "http://127.0.0.1:9".to_owned(),
        ];
        let endpoint = endpoints[number % endpoints.len()].clone();
        let key = format!("{text}\n");
        if let Err(error) = IngestClient::builder(endpoint.clone(), key.clone()).build() {
            sinks.add_error("an error of IngestClient", &error);
        }
        let otlp = Otlp::new().endpoint(endpoint.clone()).header(key.clone(), key.clone());
        let memory = Watch::builder().environment(|_| None).durability(Durability::Memory);
        if let Err(error) = memory.otlp(otlp).build().map(drop) {
            sinks.add_error("an error of OTLP settings", &error);
        }
        let directory = tempfile::tempdir().expect("a directory");
        let builder = Watch::builder().api_key(key).endpoint(endpoint).environment(|_| None);
        let built =
            builder.directory(directory.path().join(text.replace(['/', '\0'], "_"))).build();
        if let Err(error) = built.map(drop) {
            sinks.add_error("an error of WatchBuilder", &error);
        }
    }
    assert!(sinks.0.len() >= 200, "most of these settings are wrong: {}", sinks.0.len());
    check(&needles, &sinks);
}

#[test]
fn a_reply_of_the_endpoint_is_never_quoted() {
    let (mut needles, mut sinks) = (Needles::new(3), Sinks::default());
    let receiver = Receiver::start().expect("a receiver");
    let key = needles.word(Kind::ApiKey, "the API key");
    let client =
        IngestClient::builder(receiver.endpoint(), key).gzip(true).build().expect("a client");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for status in [200, 301, 400, 401, 403, 413, 429, 500] {
        let body = needles.text(Kind::Error, "the body of a reply");
        let header = needles.word(Kind::Error, "a header of a reply");
        let reply = Reply::status(status).body(body).header("location", &header);
        receiver.script([reply.header("retry-after", &header)]);
        match runtime.block_on(client.send_batch(&[serde_json::json!({ "event_id": "1" })])) {
            Ok(ack) => sinks.add_debug("Ack", &ack),
            Err(error) => sinks.add_error("SendError", &error),
        }
        sinks.add_debug("the client's quota", &client.quota_status());
    }
    sinks.add_requests(&receiver.requests());
    assert_eq!(receiver.requests().len(), 8, "redirects are not followed");
    check(&needles, &sinks);
}

/// A destination that prints what it is given.
struct Printing(Arc<Mutex<String>>);

impl Destination for Printing {
    fn name(&self) -> &str {
        "printing"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push_str(&format!("{batch:?}{:?}", batch.stats()));
        for event in batch.events() {
            seen.push_str(&String::from_utf8_lossy(&event));
        }
        Ok(Ack::all())
    }
}

#[test]
fn a_destination_of_ones_own_and_the_local_reader_see_no_values() {
    let mut needles = Needles::new(4);
    let mut sinks = Sinks::default();
    let directory = tempfile::tempdir().expect("a directory");
    let seen = Arc::new(Mutex::new(String::new()));
    let builder = Watch::builder().destination(Printing(Arc::clone(&seen))).local();
    let builder = builder.directory(directory.path().to_owned()).environment(|_| None);
    sinks.add_debug("WatchBuilder", &builder);
    let watch = builder.build().expect("a watch");
    let taken = toolwatch_tests::canary::round::feed(&watch, 60, &mut needles).expect("calls");
    watch.flush(Duration::from_secs(5));
    sinks.add_debug("Watch", &watch);
    watch.shutdown(Duration::from_secs(5));
    sinks.add("a destination of one's own", seen.lock().expect("no poison").as_str());
    let records: Vec<_> = Reader::open(directory.path()).expect("a record").into_iter().collect();
    assert_eq!((records.len() as u64, taken), (60, 60), "everything can be read back");
    // Records and tables show intents and clients: they are what they are for.
    let printed = format!("{records:?}{}", serde_json::to_string(&records).expect("JSON"));
    for shown in [printed, Summary::of(records).to_string()] {
        let hits = needles.index().search(shown.as_bytes());
        let mut found = hits.iter().map(|hit| needles.get(hit.needle));
        let leak = found.find(|needle| !matches!(needle.kind, Kind::Intent | Kind::Label));
        assert!(leak.is_none(), "{leak:?}");
    }
    check(&needles, &sinks);
}
