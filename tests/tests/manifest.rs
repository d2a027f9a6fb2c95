//! The manifest and the self-check of real servers (A12): what can leave, why, and what looks like a
//! mistake.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolRequestParams, ServerConfig, Tool};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::manifest::{Manifest, Recorded};
use toolwatch::{Exposed, FieldInfo, IntentScope, Level, Reveal, Shape, watched_tool};
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::wrapped::connect;

#[derive(Deserialize, JsonSchema, Shape)]
struct Pages(u16);

impl Reveal for Pages {
    const REASON: &'static str = "a number of pages says nothing about a person";
    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed::int(self.0.into()))
    }
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Filter {
    strict: bool,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Search {
    query: String,
    pages: Option<Pages>,
    filter: Filter,
    token: Option<String>,
    cursor: Option<String>,
}

#[derive(Clone)]
struct Docs;

#[tool_router]
impl Docs {
    /// Searches.
    #[watched_tool(
        args(query = hash, pages = value, filter.strict = value, token = omit, cursor = volatile),
        tags(team = "docs")
    )]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> String {
        format!("{} {}", search.query, search.pages.map_or(0, |pages| pages.0))
    }

    /// Has no attribute.
    #[tool]
    async fn plain(&self) -> String {
        "plain".to_owned()
    }

    /// Is never recorded.
    #[watched_tool(skip)]
    #[tool]
    async fn health(&self) -> String {
        "up".to_owned()
    }
}

#[tool_handler]
impl ServerHandler for Docs {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::default()
    }
}

fn field<'m>(manifest: &'m Value, tool: &str, path: &str) -> &'m Value {
    let tools = manifest["tools"].as_array().expect("tools");
    let tool = tools.iter().find(|of| of["name"] == tool).expect("the tool");
    let fields = tool["fields"].as_array().expect("fields");
    fields.iter().find(|of| of["path"] == path).unwrap_or_else(|| panic!("no {path} in {tool}"))
}

fn as_json(manifest: &Manifest) -> Value {
    serde_json::to_value(manifest).expect("JSON")
}

#[test]
fn a_manifest_lists_every_field_with_its_level_and_why() {
    let recorder = Recorder::start();
    let server = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    let manifest = recorder.watch.manifest();
    let shown = as_json(&manifest);
    let policy = |path: &str| {
        let field = field(&shown, "search", path);
        (field["level"].clone(), field["why"].clone())
    };
    assert_eq!(policy("query"), (json!("hash"), json!("rule")));
    assert_eq!(policy("token"), (json!("omit"), json!("rule")));
    assert_eq!(policy("cursor"), (json!("len"), json!("default")));
    assert_eq!(field(&shown, "search", "cursor")["is_volatile"], true);
    assert_eq!(field(&shown, "search", "pages")["reason"], Pages::REASON);
    assert_eq!(field(&shown, "search", "filter.strict")["reason"], <bool as Reveal>::REASON);
    assert_eq!(field(&shown, "search", "query").get("reason"), None);

    let recorded: Vec<_> = manifest.tools.iter().map(|tool| (tool.name, tool.recorded)).collect();
    let expected = [
        ("health", Recorded::Skipped),
        ("plain", Recorded::Wrapper),
        ("search", Recorded::Attribute),
    ];
    assert_eq!(recorded, expected);
    let text = manifest.to_string();
    for part in ["search (recorded by: attribute", "tag team = docs", Pages::REASON, "never a text"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(server.self_check().is_clean());
}

#[test]
fn a_manifest_shows_what_a_hook_lowers() {
    let at_most_len = |field: &FieldInfo<'_>| field.level().min(Level::Len);
    let recorder = Recorder::with(|builder| builder.lower(at_most_len).skip_tools(["plain"]));
    let _server = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    let manifest = recorder.watch.manifest();
    let shown = as_json(&manifest);
    assert_eq!(field(&shown, "search", "query")["level"], "len");
    assert_eq!(field(&shown, "search", "query")["why"], "hook");
    assert_eq!(field(&shown, "search", "pages").get("reason"), None);
    let plain = manifest.tools.iter().find(|tool| tool.name == "plain").expect("the tool");
    assert_eq!(plain.recorded, Recorded::Skipped);
}

#[tokio::test]
async fn a12_the_manifest_of_a_server_without_a_router_grows_with_its_lists() {
    let recorder = Recorder::start();
    let client = connect(recorder.watch.wrap(Docs)).await;
    assert!(recorder.watch.manifest().tools.is_empty());
    client.list_all_tools().await.expect("a list");
    assert_eq!(recorder.watch.manifest().tools.len(), 3);
}

#[test]
fn a12_a_self_check_names_tools_that_nothing_records() {
    let recorder = Recorder::start();
    let check = recorder.watch.self_check(&Docs::tool_router());
    let of_nobody = check.tools.iter().filter(|tool| tool.recorded == Recorded::Nobody);
    assert_eq!(of_nobody.map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["plain"]);
    let warnings = check.warnings.join("\n");
    assert!(warnings.contains("nothing records plain"), "{warnings}");
    assert!(warnings.contains("the watch is not installed"), "{warnings}");
}

#[test]
fn a12_names_in_options_that_no_tool_has_are_told() {
    let recorder = Recorder::with(|builder| {
        builder
            .skip_tools(["helth"])
            .intent_scope(IntentScope::Only(vec!["serach".to_owned()]))
            .missing_tool_report("plain")
            .on_error(|_| ())
    });
    let server = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    let warnings = server.self_check().to_string();
    for part in ["`helth`", "`serach`", "has a tool `plain` of its own"] {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
}

#[tokio::test]
async fn a12_the_operator_is_told_once_without_asking() {
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |error: &toolwatch::Error| {
            let source = std::error::Error::source(error).map(ToString::to_string);
            told.lock().expect("told").push(source.unwrap_or_default());
        }
    };
    let recorder = Recorder::with(|builder| builder.skip_tools(["helth"]).on_error(tell));
    let client = connect(recorder.watch.wrap(Docs)).await;
    client.list_all_tools().await.expect("a list");
    client.list_all_tools().await.expect("a list");
    let listed = told.lock().expect("told").clone();
    assert_eq!(listed, ["skip_tools names `helth`, and no tool has that name"]);
}

#[test]
fn a12_a_router_that_was_handed_over_is_checked_at_once() {
    let told = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let tell = {
        let told = told.clone();
        move |_: &toolwatch::Error| {
            told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let recorder = Recorder::with(|builder| builder.skip_tools(["helth"]).on_error(tell));
    let _first = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    let _second = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a12_a_server_that_rebuilds_its_router_is_told_its_price() {
    let recorder = Recorder::start();
    let server = recorder.watch.wrap(Docs);
    let client = connect(recorder.watch.wrap(Docs)).await;
    assert!(server.self_check().is_clean(), "nothing is known yet");
    client.call_tool(CallToolRequestParams::new("plain")).await.expect("a reply");
    client.list_all_tools().await.expect("a list");
    let warnings = server.self_check().to_string();
    assert!(warnings.contains("wrap_with_router"), "{warnings}");
    let handed = recorder.watch.wrap_with_router(Docs, Docs::tool_router());
    assert!(handed.self_check().is_clean());
    let _: Option<Tool> = handed.get_tool("plain");
}

#[test]
fn a_manifest_of_a_watch_that_is_off_says_so() {
    let manifest = toolwatch::Watch::disabled().manifest();
    assert!(!manifest.is_enabled && manifest.tools.is_empty());
    assert_eq!(manifest.to_string().lines().count(), 1);
}
