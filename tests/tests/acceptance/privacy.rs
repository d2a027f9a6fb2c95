//! Rules, ceilings and values in the recorded event (privacy.md's levels, G4).

use rmcp::handler::server::wrapper::Parameters;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::{Exposed, Reveal, Shape, watched_tool};
use toolwatch_tests::observed::{Recorder, call, connect};

#[derive(Deserialize, JsonSchema, Shape)]
#[serde(transparent)]
#[shape(ceiling = kind)]
struct Pin(String);

/// Its author releases it and also says that it is a secret: the lower one holds.
#[derive(Deserialize, JsonSchema, Shape)]
#[serde(transparent)]
#[shape(ceiling = len)]
struct Torn(String);

impl Reveal for Torn {
    const REASON: &'static str = "a test of what happens when two statements contradict";

    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed::name("released"))
    }
}

#[derive(Deserialize, JsonSchema, Shape)]
#[serde(transparent)]
struct Count(i64);

impl Reveal for Count {
    const REASON: &'static str = "a count of items";

    fn reveal(&self) -> Option<Exposed> {
        assert_ne!(self.0, 13, "an author's code may panic");
        (self.0 >= 0).then(|| Exposed::int(self.0))
    }
}

#[derive(Clone, Copy, Deserialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "kebab-case")]
enum Speed {
    VeryFast,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Order {
    name: String,
    count: Count,
    speed: Speed,
    gift: Option<bool>,
    pin: Pin,
    torn: Option<Torn>,
    place: Option<Place>,
    cursor: Option<String>,
    hidden: Option<String>,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Place {
    town: String,
    pin: Pin,
}

#[derive(Clone)]
struct Shop;

#[tool_router(server_handler)]
impl Shop {
    /// Order.
    #[watched_tool(
        deny_unlisted,
        args(
            name = len,
            count = value,
            speed = value,
            gift = value,
            pin = kind,
            torn = value,
            place = hash,
            place.town = hash,
            place.pin = kind,
            cursor = len + volatile,
            hidden = omit,
        )
    )]
    #[tool]
    fn order(&self, Parameters(order): Parameters<Order>) -> String {
        let place = order.place.map(|place| (place.town, place.pin.0));
        let rest = (order.torn.map(|torn| torn.0), order.cursor, order.hidden, place);
        let _ = (order.count.0, matches!(order.speed, Speed::VeryFast), order.gift, order.pin.0);
        format!("{} {rest:?}", order.name)
    }
}

fn order() -> Value {
    json!({
        "name": "teapot", "count": 12, "speed": "very-fast", "gift": true, "pin": "4711",
        "torn": "secret", "place": { "town": "Oslo", "pin": "4711" }, "cursor": "c1", "hidden": "h",
    })
}

async fn recorded(arguments: Vec<Value>) -> Vec<(Value, Option<String>)> {
    let recorder = Recorder::start();
    let client = connect(Shop, &recorder.watch).await;
    for arguments in arguments {
        let reply = call(&client, "order", arguments).await.expect("a reply");
        assert_ne!(reply.is_error, Some(true), "{reply:?}");
    }
    let shape = |record: toolwatch::local::Record| {
        let shape = record.request_params.expect("arguments");
        (shape.fields, shape.hash)
    };
    recorder.records().into_iter().map(shape).collect()
}

#[tokio::test]
async fn every_level_records_what_it_says_and_no_more() {
    let mut fields = recorded(vec![order()]).await.remove(0).0;
    for place in ["place", "place.town"] {
        let hash = fields[place].as_object_mut().and_then(|field| field.remove("hash"));
        assert_eq!(hash.and_then(|hash| hash.as_str().map(str::len)), Some(16), "{place}");
    }
    let expected = json!({
        "name": { "type": "string", "len": 6 },
        "count": { "type": "integer", "value": 12 },
        "speed": { "type": "string", "len": 9, "value": "very-fast" },
        "gift": { "type": "boolean", "value": true },
        "pin": { "type": "string" },
        "torn": { "type": "string", "len": 6 },
        "place": { "type": "object", "len": 2 },
        "place.town": { "type": "string", "len": 4 },
        "place.pin": { "type": "string" },
        "cursor": { "type": "string", "len": 2 },
    });
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn a_released_value_is_clamped_by_the_types_ceiling() {
    let fields = recorded(vec![order()]).await.remove(0).0;
    assert!(fields["torn"].get("value").is_none(), "{fields}");
    assert!(!fields.to_string().contains("released"), "{fields}");
}

#[tokio::test]
async fn a_reveal_that_returns_none_records_no_value() {
    let mut arguments = order();
    arguments["count"] = json!(-1);
    let fields = recorded(vec![arguments]).await.remove(0).0;
    assert_eq!(fields["count"], json!({ "type": "integer" }));
}

#[tokio::test]
async fn g2_a_reveal_that_panics_records_no_value_and_the_call_goes_on() {
    let recorder = Recorder::start();
    let client = connect(Shop, &recorder.watch).await;
    let before = recorder.watch.stats().capture_faults;
    let mut arguments = order();
    arguments["count"] = json!(13);
    let reply = call(&client, "order", arguments).await.expect("a reply");
    assert_ne!(reply.is_error, Some(true));
    let record = recorder.only();
    assert_eq!(record.outcome(), Some(toolwatch::event::Outcome::Ok));
    let fields = record.request_params.expect("arguments").fields;
    assert_eq!(fields["count"], json!({ "type": "integer" }));
    assert!(recorder.watch.stats().capture_faults > before);
}

#[tokio::test]
async fn volatile_fields_do_not_hide_a_repeated_call() {
    let mut later = order();
    later["cursor"] = json!("c2");
    let mut other = order();
    other["name"] = json!("kettle");
    let calls = recorded(vec![order(), later, other]).await;
    assert_eq!(calls[0].1, calls[1].1);
    assert_ne!(calls[0].1, calls[2].1);
}

#[tokio::test]
async fn a_fields_hash_does_not_cover_the_secret_inside_it() {
    let mut other = order();
    other["place"]["pin"] = json!("0815");
    let calls = recorded(vec![order(), other]).await;
    assert_eq!(calls[0].0["place"]["hash"], calls[1].0["place"]["hash"]);
    assert_ne!(calls[0].1, calls[1].1, "the hash of all arguments compares whole calls");
}

#[tokio::test]
async fn an_omitted_field_leaves_no_trace() {
    let mut without = order();
    without.as_object_mut().expect("an object").remove("hidden");
    let calls = recorded(vec![order(), without]).await;
    assert_eq!(calls[0].0, calls[1].0);
}
