//! Tools found by what they advertise: shared schemas, generic servers, foreign schemas.

use std::thread;

use rmcp::handler::server::common::{schema_for_empty_input, schema_for_input};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::JsonObject;

use super::*;
use crate::attach::{Declared, Site, Spec};
use crate::capture::intent::{IntentMode, IntentSpec};

const fn spec(tool: &'static str, mode: IntentMode) -> Spec {
    let intent = IntentSpec { mode, text: None, max_chars: 500 };
    Spec { tool, rules: &[], intent, tags: &[] }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Search {
    #[expect(dead_code, reason = "only the schema is read")]
    query: String,
}

fn of<P: schemars::JsonSchema + 'static>() -> Declared {
    let input_schema = schema_for_input::<Parameters<P>>().expect("an object");
    Declared { input_schema, shape: None, reasons: Vec::new() }
}

/// The entry that a schema leads to.
#[track_caller]
fn watched(schema: &Arc<JsonObject>) -> &'static Entry {
    match find(schema) {
        Some(Registered::Watched(entry)) => entry,
        Some(Registered::Skipped) => panic!("skipped"),
        None => panic!("unknown"),
    }
}

#[test]
fn tools_whose_schemas_rmcp_shares_are_told_apart() {
    static FIRST: Site = Site::new(spec("first", IntentMode::Off));
    static SECOND: Site = Site::new(spec("second", IntentMode::Off));
    let shared = schema_for_empty_input();
    let empty =
        || Declared { input_schema: schema_for_empty_input(), shape: None, reasons: Vec::new() };
    let (first, second) = (FIRST.entry::<u8>(empty), SECOND.entry::<u8>(empty));
    for entry in [first, second] {
        let advertised = entry.input_schema();
        assert_eq!(advertised, shared);
        assert!(std::ptr::eq(watched(&advertised), entry));
    }
    assert!(find(&shared).is_none(), "a tool without the attribute has rmcp's own schema");
}

#[test]
fn each_monomorphisation_of_a_generic_server_has_its_own_entry() {
    struct Server<P>(std::marker::PhantomData<P>);
    static SITE: Site = Site::new(spec("search", IntentMode::Off));
    let typed = SITE.entry::<Server<Search>>(of::<Search>);
    let other = SITE.entry::<Server<std::collections::BTreeMap<String, u8>>>(
        of::<std::collections::BTreeMap<String, u8>>,
    );
    assert!(!std::ptr::eq(typed, other));
    for entry in [typed, other] {
        let advertised = entry.input_schema();
        assert!(std::ptr::eq(watched(&advertised), entry));
        assert!(Arc::ptr_eq(&advertised, entry.declared_schema()));
    }
    assert!(std::ptr::eq(SITE.entry::<Server<Search>>(of::<Search>), typed));
}

#[test]
fn both_the_declared_and_the_injected_schema_lead_to_the_entry() {
    static SITE: Site = Site::new(spec("asks", IntentMode::Optional));
    let entry = SITE.entry::<u8>(of::<Search>);
    let injected = entry.inject_known().expect("the schema takes a property");
    assert!(injected.get("properties").is_some_and(|it| it.get("context").is_some()));
    assert!(std::ptr::eq(watched(&injected), entry));
    assert!(std::ptr::eq(watched(entry.declared_schema()), entry));
    assert!(!std::ptr::eq(&**entry.declared_schema(), &*injected));
}

#[test]
fn entries_that_are_made_at_the_same_time_are_all_known() {
    static SITE: Site = Site::new(spec("raced", IntentMode::Off));
    let entries: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| SITE.entry::<u8>(of::<Search>))).collect();
        threads.into_iter().map(|thread| thread.join().expect("an entry")).collect()
    });
    for entry in &entries {
        assert!(std::ptr::eq(*entry, entries[0]));
    }
    assert!(std::ptr::eq(watched(&entries[0].input_schema()), entries[0]));
}

#[test]
fn an_address_is_never_reused_for_another_schema() {
    let own = Arc::new(JsonObject::new());
    let taken = address(&own);
    register(&own, Registered::Skipped);
    drop(own);
    let strangers: Vec<_> = (0..1000).map(|_| Arc::new(JsonObject::new())).collect();
    assert!(strangers.iter().all(|schema| address(schema) != taken && find(schema).is_none()));
}
