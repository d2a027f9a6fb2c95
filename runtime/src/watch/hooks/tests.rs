//! Defaults and bounds of the hooks, what is skipped, and what a hook may lower.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::model::JsonObject;

use super::*;
use crate::capture::losses::{self, Loss};
use crate::capture::plan::{Lengths, Plan};
use crate::event::{Arguments, Name};
use crate::shape::Level;
use crate::{Watch, WatchBuilder};

fn builder() -> WatchBuilder {
    Watch::builder().environment(|_| None)
}

#[track_caller]
fn check_error(builder: WatchBuilder, expected: &str) {
    let error = builder.build().expect_err("a wrong option is an error");
    assert!(error.is_configuration() && error.to_string().contains(expected), "{error}");
}

#[test]
fn a2_times_of_zero_are_errors() {
    check_error(builder().session_gap(Duration::ZERO), "session_gap must be longer than zero");
    check_error(
        builder().identify_timeout(Duration::ZERO),
        "identify_timeout must be longer than zero",
    );
    let least = Duration::from_nanos(1);
    assert!(builder().session_gap(least).identify_timeout(least).build().is_ok());
}

#[test]
fn the_defaults_are_those_of_the_documents() {
    let hooks = builder().hooks;
    assert_eq!(hooks.session_gap, Duration::from_secs(1_800));
    assert_eq!(hooks.identify_timeout, Duration::from_millis(100));
    assert_eq!(hooks.identity_level, IdentityLevel::Hash);
}

#[test]
fn a1_names_of_skipped_tools_and_methods_add_up_and_can_be_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let watch = builder()
        .local()
        .directory(directory.path())
        .skip_tools(["b", "a"])
        .skip_tools([String::from("c"), String::from("a")])
        .skip_methods(["ping"])
        .build()
        .expect("a watch");
    let active = watch.0.as_ref().expect("it is on");
    assert_eq!(active.skipped_tools().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(active.skipped_methods().collect::<Vec<_>>(), ["ping"]);
}

fn plan() -> &'static Plan {
    let schema: JsonObject = serde_json::from_value(serde_json::json!({
        "type": "object",
        "properties": {"q": {"type": "string"}, "limit": {"type": "integer"}}
    }))
    .expect("a schema");
    Box::leak(Box::new(Plan::compile(&schema, None, &[])))
}

fn paths(watch: &Watch, tool: &'static str, plan: &'static Plan) -> Vec<&'static str> {
    let active = watch.0.as_ref().expect("it is on");
    let args = serde_json::json!({"q": "text", "limit": 1});
    let mut out = Arguments::default();
    active.with_plan(Name::from_static(tool), plan, |plan| {
        let hasher = active.hasher(tool);
        plan.capture(args.as_object().expect("an object"), &hasher, Lengths::Exact, &mut out);
    });
    let mut paths: Vec<_> = out.fields.iter().map(|field| field.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

#[test]
fn a_hook_lowers_each_field_of_a_tool_once_per_watch_and_no_other_watch() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let start = |at: usize| builder().local().directory(directories[at].path());
    let lowered = start(0).lower(|field| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        assert_eq!(field.level(), Level::Len);
        match (field.tool(), field.path()) {
            ("private", "q") => Level::Omit,
            _ => Level::Value,
        }
    });
    let (lowered, other) = (lowered.build().expect("built"), start(1).build().expect("built"));
    let (private, public) = (plan(), plan());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(paths(&lowered, "private", private), ["limit"]));
        }
    });
    assert_eq!(ASKED.load(Ordering::Relaxed), 2, "once per field, however many calls");
    assert_eq!(paths(&lowered, "public", public), ["limit", "q"]);
    assert_eq!(paths(&other, "private", private), ["limit", "q"]);
}

#[test]
fn g2_a_hook_that_panics_omits_the_field_and_is_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let watch = builder().local().directory(directory.path()).lower(|field| match field.path() {
        "q" => panic!("no policy for {}", field.path()),
        _ => field.level(),
    });
    let watch = watch.build().expect("built");
    let before = losses::counted(Loss::Lower);
    let plan = plan();
    for _ in 0..3 {
        assert_eq!(paths(&watch, "tool", plan), ["limit"]);
    }
    assert_eq!(losses::counted(Loss::Lower), before + 1);
}

#[test]
fn a11_debug_of_hooks_and_fields_shows_names_and_no_data() {
    let builder = builder().session_resolver(|_| Some("secret".to_owned())).skip_tools(["health"]);
    let text = format!("{:?}", builder.hooks);
    assert!(text.contains("session_resolver: true") && text.contains("health"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}
