//! Tags of a watch and of a call, and what becomes of those that are not valid (F1).

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use toolwatch_tests::observed::{Recorder, call, connect};

use super::shop::{KEYS, Shop, of_type, wrapped};

#[tokio::test]
async fn f1_tags_of_the_watch_are_on_every_event_and_the_nearest_holds() {
    let set = |builder: toolwatch::WatchBuilder| {
        builder.tag("region", "watch").tag("release", "1").tag("release", "2").tag("unset", "")
    };
    let recorder = Recorder::with(set);
    let client = wrapped(&recorder.watch).await;
    client.list_all_tools().await.expect("a list");
    call(&client, "watched", json!({ "number": 1 })).await.expect("a reply");
    recorder.watch.event("outside").record();
    for record in recorder.records() {
        let expected = match record.event_type.as_str() {
            "tool_call" => json!({ "region": "attribute", "release": "2", "team": "shop",
                "plan": "pro", "number": "1" }),
            "custom" if record.event_name == "step" => {
                json!({ "region": "watch", "release": "2", "kind": "child" })
            }
            _ => json!({ "region": "watch", "release": "2" }),
        };
        assert_eq!(record.attributes.tags, expected, "{}", record.event_type);
    }
}

#[tokio::test]
async fn f1_what_is_not_valid_or_too_much_is_left_out_counted_and_told_once() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let teller = Arc::clone(&told);
    let recorder = Recorder::with(|builder| {
        let teller = Arc::clone(&teller);
        builder.tag("zone", "a").on_error(move |error| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            teller.lock().expect("a lock").push(format!("{error} {}", source.unwrap_or_default()));
        })
    });
    let before = recorder.watch.stats().capture_faults;
    let client = connect(Shop::default(), &recorder.watch).await;
    call(&client, "wrong", json!({})).await.expect("a reply");
    let tags = recorder.only().attributes.tags;
    let tags = tags.as_object().expect("tags");
    // Of the 50 that the call may note, one gives way to that of the watch.
    assert!(tags.len() == 50 && tags.contains_key("zone") && tags.contains_key("k48"), "{tags:?}");
    let event = KEYS
        .iter()
        .fold(recorder.watch.event("many"), |event, key| event.property(key, &true).tag(key, "v"));
    event.property("No", &true).record();
    let many = of_type(&recorder, "custom").pop().expect("an event");
    let count = |value: &Value| value.as_object().map_or(0, |members| members.len());
    assert_eq!((count(&many.attributes.properties), count(&many.attributes.tags)), (50, 50));
    // In the call three tags, one event, one tag too many and one over; in the event one property
    // and one tag too many, one tag over, one property with a wrong key.
    assert!(recorder.watch.stats().capture_faults >= before + 10);
    let told = told.lock().expect("a lock");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`Upper`") && told[0].contains("1 to 32"), "{told:?}");
}
