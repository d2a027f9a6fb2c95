//! The tree of an event beside what is read from its JSON.

use super::*;
use crate::Exposed;
use crate::event::encode_tests::{failed, plain};
use crate::event::*;

/// The JSON of an event, read, without what the tree leaves out.
fn with_json(event: &Event, tags: &[Tag], look: impl FnOnce(Node<'_>)) {
    let mut json = Vec::new();
    encode(event, tags, &mut json);
    let mut read = Node::read(&json).unwrap();
    for time in ["started_at", "ended_at", "duration_ms"] {
        assert_ne!(read[time], Node::Null);
        read.remove(time);
    }
    look(read);
}

fn with_detail(detail: Detail) -> Event {
    Event { detail: Some(Box::new(detail)), ..plain() }
}

fn details() -> Vec<Event> {
    let tools = ["a", "b\n"].map(|name| ToolDigest { name: Name::register(name), hash: u64::MAX });
    let surface = Surface { hash: 1, changed: true, tools: tools.to_vec() };
    let listing = Listing { items: 3, is_continued: true, has_more: true, surface: Some(surface) };
    let resource = ResourceAccess {
        scheme: Some(Name::from_static("file")),
        template: Some(Name::register("file:///{path}")),
        uri_chars: 9,
        contents: [1, 2],
        content_bytes: 3,
        cache_hit: Some(true),
        session_reads: 4,
        session_rereads: 5,
    };
    let completion = CompletionShape {
        reference: "prompt",
        argument: Some(Name::from_static("city")),
        value_chars: 1,
        context_keys: 2,
        values: Some(3),
        has_more: Some(true),
    };
    [
        Detail::Listing(listing),
        Detail::Listing(Listing::default()),
        Detail::Resource(resource),
        Detail::Resource(ResourceAccess::default()),
        Detail::Completion(completion),
        Detail::Session(SessionEnd { requests: u64::MAX, errors: 1 }),
        Detail::Subscription(Subscription { resources: 1, lists: [1, 2, 3] }),
    ]
    .map(with_detail)
    .into()
}

fn others() -> Vec<Event> {
    let mut hostile = failed();
    hostile.name = Name::register("a\"\\\n\u{7f}\u{1f980}");
    hostile.caller.client_name = Some(Label::clean("\u{e9}\"\\"));
    hostile.caller.identity = Some(Identity::Hash(7));
    hostile.caller.http_version = Some(HttpVersion::Http2);
    hostile.request_id = Some(RequestKey::Hash(8));
    hostile.trace.is_sampled = false;
    hostile.trace.link = Some(Link { trace_id: [3; 16], span_id: [4; 8], is_sampled: false });
    hostile.properties =
        vec![Property { key: Name::from_static("depth"), value: Exposed::int(i64::MIN) }];
    hostile.is_continuation = true;
    hostile.signals = Signals { error_run: 2, ping_pong: 4, is_loop: true };
    let bare = Event {
        opaque: Some(Opaque { kind: JsonKind::Object, bytes: 2 }),
        request_id: Some(RequestKey::Number(-3)),
        weight: 2.0,
        method: "",
        arguments: None,
        result: None,
        ..plain()
    };
    let heavy = Event { weight: 1e300, queue_ns: u64::MAX, ..plain() };
    vec![plain(), failed(), hostile, bare, heavy]
}

#[test]
fn the_tree_is_what_is_read_from_the_json() {
    for event in details().into_iter().chain(others()) {
        with_json(&event, &[], |read| assert_eq!(node(&event, &[]), read));
    }
}
