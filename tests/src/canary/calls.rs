//! Makes calls whose every part holds needles.

use serde_json::{Map, Value, json};

use super::acts::{Act, Words};
use super::arguments::write;
use super::needle::{Kind, Needles};
use super::schema::Schema;
use super::tools::Server;

/// The names of the typed tools.
const TYPED: [&str; 3] = ["order", "plain_order", "failing_order"];

/// The members of an order that a call may get wrong.
const WRONG: [&str; 8] =
    ["fullName", "amount", "likelihood", "card", "address", "tags", "labels", "payment"];

/// One generated tool.
pub struct Generated {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: Schema,
    /// How many places of its arguments can be broken, as far as known.
    places: usize,
    next_place: usize,
}

impl Generated {
    /// Generates a tool.
    pub fn new(name: String, needles: &mut Needles) -> Self {
        Self { name, schema: Schema::generate(needles), places: 1, next_place: 0 }
    }
}

/// A call that is ready to be sent.
pub struct Prepared {
    /// Which tool.
    pub tool: String,
    /// The request's parameters.
    pub params: Value,
    /// How the call ends.
    pub act: Act,
    /// What the tool says.
    pub words: Words,
}

/// Prepares the call with this number.
pub fn prepare(
    number: usize,
    tools: &mut [Generated],
    server: &Server,
    needles: &mut Needles,
) -> Prepared {
    let act = Act::ALL[number % Act::ALL.len()];
    let is_typed = number % 5 == 4;
    let (tool, mut arguments) = if is_typed {
        let tool = TYPED[(number / 5) % TYPED.len()];
        let is_right = needles.random().one_in(2);
        let wrong = if is_right { "nothing" } else { *needles.random().pick(&WRONG) };
        (tool.to_owned(), order(wrong, needles))
    } else {
        let tool = &mut tools[number % tools.len()];
        (tool.name.clone(), generated(tool, needles))
    };
    needles.document(Kind::Argument, &format!("the arguments of {tool}"), &json!(arguments));
    add_intent(&tool, server, &mut arguments, needles);
    let words = words(act, needles);
    let params = json!({ "name": tool, "arguments": arguments, "_meta": meta(number, needles) });
    Prepared { tool, params, act, words }
}

/// Arguments of a generated tool: valid first, then each place broken in turn.
fn generated(tool: &mut Generated, needles: &mut Needles) -> Map<String, Value> {
    let place = tool.next_place.checked_sub(1);
    let written = write(&tool.schema, place, &tool.name, needles);
    tool.places = written.places.max(1);
    tool.next_place = (tool.next_place + 1) % (tool.places + 1);
    written.arguments
}

fn add_intent(
    tool: &str,
    server: &Server,
    arguments: &mut Map<String, Value>,
    needles: &mut Needles,
) {
    let asked = server.asks_for_intent(tool);
    let kind = if asked { Kind::Intent } else { Kind::Argument };
    let intent = match needles.random().below(8) {
        0 => return,
        // No text: taken out of the call and not recorded.
        1 => json!([needles.value(Kind::Argument, "an intent that is no text")]),
        _ => needles.text(kind, "the intent").into(),
    };
    arguments.insert("context".into(), intent);
}

fn words(act: Act, needles: &mut Needles) -> Words {
    let kind = match act {
        Act::Text | Act::Blocks | Act::Structured | Act::InputRequired | Act::Task => Kind::Result,
        _ => Kind::Error,
    };
    let place = format!("what a tool says on {act:?}");
    Words(std::array::from_fn(|_| needles.text(kind, &place)))
}

/// Request metadata: tracing members that are not valid, and members that nobody knows.
fn meta(number: usize, needles: &mut Needles) -> Value {
    let mut plant = |place: &str| needles.text(Kind::Context, &format!("_meta {place}"));
    let mut meta = json!({
        "traceparent": plant("traceparent"),
        "tracestate": format!("vendor={}", plant("tracestate")),
        "baggage": format!("user={}", plant("baggage")),
        "progressToken": plant("progressToken"),
        plant("key"): { "deep": [plant("value")] },
    });
    if number % 6 == 5 {
        let client = json!({
            "name": needles.text(Kind::Label, "_meta clientInfo name"),
            "version": needles.text(Kind::Label, "_meta clientInfo version"),
            "title": needles.text(Kind::Context, "_meta clientInfo title"),
        });
        meta["io.modelcontextprotocol/clientInfo"] = client;
    }
    // No protocol version: rmcp refuses one that it does not know before any tool is called.
    meta
}

/// Arguments of the typed tools, with this member of a wrong type.
fn order(wrong: &str, needles: &mut Needles) -> Map<String, Value> {
    let kind = Kind::Argument;
    let place = |member: &str| format!("{member} of an order with a wrong {wrong}");
    let mut order = json!({
        "fullName": needles.text(kind, &place("fullName")),
        "amount": needles.integer(kind, &place("amount")),
        "likelihood": needles.float(kind, &place("likelihood")),
        "card": needles.text(kind, &place("card")),
        "address": {
            "city": needles.text(kind, &place("city")),
            "roads": [{
                "name": needles.text(kind, &place("street")),
                "number": needles.integer(kind, &place("number")),
                needles.text(kind, &place("undeclared key")): needles.value(kind, &place("undeclared value")),
            }],
        },
        "tags": [needles.text(kind, &place("tag")), needles.word(kind, &place("tag"))],
        "labels": { needles.text(kind, &place("label")): needles.text(kind, &place("label")) },
        "payment": { "kind": "transfer", "iban": needles.word(kind, &place("iban")) },
        "cursor": needles.text(kind, &place("cursor")),
        "note": needles.value(kind, &place("note")),
        needles.text(kind, &place("undeclared key")): needles.value(kind, &place("undeclared value")),
    });
    if let Some(member) = order.get_mut(wrong) {
        *member = json!([{ needles.text(kind, &place("wrong key")): needles.value(kind, &place("wrong value")) }]);
    }
    if wrong == "payment" && needles.random().one_in(2) {
        order["payment"] = json!({
            "kind": needles.text(kind, &place("variant")),
            "number": needles.integer(kind, &place("card number")),
        });
    }
    match order {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
