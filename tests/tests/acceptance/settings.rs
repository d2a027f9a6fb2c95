//! Settings that change what is recorded, over real calls (A5, A11, hash modes, keys).

use serde_json::json;
use toolwatch::testing::Receiver;
use toolwatch::{HashMode, IntentLevel, Lengths};
use toolwatch_tests::observed::{Recorder, call, connect, offline};
use toolwatch_tests::server::watched;

async fn hash(recorder: &Recorder) -> String {
    let client = connect(watched::Server, &recorder.watch).await;
    let arguments = json!({ "text": "sch\u{f6}n", "times": 1, "context": "not hashed" });
    call(&client, "echo", arguments).await.expect("a reply");
    let record = recorder.records().pop().expect("a record");
    record.request_params.and_then(|shape| shape.hash).expect("a hash")
}

#[tokio::test]
async fn the_compatibility_mode_gives_pythons_digest_and_the_default_does_not() {
    // python3: sha256(json.dumps({"text": "schön", "times": 1}, sort_keys=True).encode()).hexdigest()[:16]
    const PYTHON: &str = "f99115ec9ef83d8b";
    let python = Recorder::with(|builder| builder.hash_mode(HashMode::PythonSha256));
    assert_eq!(hash(&python).await, PYTHON);
    assert_ne!(hash(&Recorder::start()).await, PYTHON);
}

#[tokio::test]
async fn a_rotated_key_holds_from_the_next_start_and_hashes_change_with_it() {
    let recorder = Recorder::start();
    let before = hash(&recorder).await;
    assert_eq!(hash(&recorder).await, before);
    let again =
        |path: std::path::PathBuf| offline().local().directory(path).build().expect("built");
    toolwatch::local::rotate_key(recorder.path()).expect("rotated");
    assert_eq!(hash(&recorder).await, before, "a running server keeps its key");
    let path = recorder.path().to_owned();
    let mut restarted = recorder;
    restarted.watch.shutdown(std::time::Duration::ZERO);
    restarted.watch = again(path);
    let client = connect(watched::Server, &restarted.watch).await;
    call(&client, "echo", json!({ "text": "sch\u{f6}n", "times": 1 })).await.expect("a reply");
    let hashes: Vec<_> =
        restarted.records().into_iter().filter_map(|it| it.request_params?.hash).collect();
    assert_eq!(hashes.len(), 4);
    assert_eq!(hashes.iter().filter(|hash| **hash == before).count(), 3, "{hashes:?}");
}

#[tokio::test]
async fn each_level_of_the_intent_records_no_more_than_it_says() {
    for (level, members) in [
        (IntentLevel::Off, vec![]),
        (IntentLevel::Len, vec!["chars"]),
        (IntentLevel::Hash, vec!["chars", "hash"]),
        (IntentLevel::Text, vec!["chars", "text"]),
    ] {
        let recorder = Recorder::with(|builder| builder.intent(level));
        hash(&recorder).await;
        let intent = recorder.only().attributes.intent;
        let mut found: Vec<_> = intent.as_object().into_iter().flat_map(|it| it.keys()).collect();
        found.sort();
        assert_eq!(found, members, "{level:?}");
    }
}

#[tokio::test]
async fn g2_a_filter_that_panics_drops_the_intent_and_is_counted() {
    let recorder = Recorder::with(|builder| builder.intent_filter(|_| panic!("filter")));
    hash(&recorder).await;
    assert!(recorder.only().attributes.intent.is_null());
    assert!(recorder.watch.stats().capture_faults >= 1);
    let recorder =
        Recorder::with(|builder| builder.intent_filter(|text| Some(text.replace("not", "never"))));
    hash(&recorder).await;
    assert_eq!(recorder.only().intent(), Some("never hashed"));
}

#[tokio::test]
async fn lengths_in_buckets_are_powers_of_two_everywhere() {
    let recorder = Recorder::with(|builder| builder.lengths(Lengths::Buckets));
    hash(&recorder).await;
    let shape = recorder.only().request_params.expect("arguments");
    assert_eq!((shape.bytes, &shape.fields["text"]["len"]), (32, &json!(8)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_debug_of_a_watch_and_its_parts_hides_key_and_data() {
    let receiver = Receiver::start().expect("a receiver");
    let recorder = Recorder::with(|it| it.endpoint(receiver.endpoint()).api_key("very-secret-key"));
    let client = connect(watched::Server, &recorder.watch).await;
    call(&client, "echo", json!({ "text": "needle", "context": "needle" })).await.expect("a reply");
    recorder.watch.flush(std::time::Duration::from_secs(60));
    let printed = format!("{:?} {:?}", recorder.watch, recorder.watch.stats());
    assert!(!printed.contains("very-secret-key") && !printed.contains("needle"), "{printed}");
}
