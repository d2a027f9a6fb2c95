//! Tags, properties and events of the author's own, from inside a call and from outside (F1, F6).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, GetPromptRequestParams, PromptMessage, Reference, Role,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::event::Transport;
use toolwatch::local::Record;
use toolwatch::{Count, CurrentCall, Shape, Watch, watched_tool};
use toolwatch_tests::observed::{Client, Recorder, call, connect, text};

const CALLS: usize = 64;

#[derive(Deserialize, JsonSchema, Shape)]
struct Step {
    number: u64,
}

/// An extractor of the author's own that tags the call it runs in.
struct Plan;

impl<C: AsRequestContext> FromContextPart<C> for Plan {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        CurrentCall::of(context.as_request_context()).tag("plan", "pro");
        Ok(Self)
    }
}

/// What a call says of itself: its tags, an event, and what its handle tells.
async fn act(current: &CurrentCall, number: u64) -> String {
    current.tag("plan", "free");
    current.tag("plan", "pro");
    tokio::task::yield_now().await;
    current.tag_revealed("number", &Count(number));
    current.event("step").count("number", number).tag("kind", "child").record();
    let told = (current.is_recorded(), current.trace_id(), current.span_id());
    json!([told, current.session().map(|session| session.to_string())]).to_string()
}

#[derive(Clone, Default)]
struct Shop {
    kept: Arc<Mutex<Vec<CurrentCall>>>,
}

#[tool_router]
impl Shop {
    /// A tool with the attribute.
    #[watched_tool(tags(team = "shop", region = "attribute"))]
    #[tool]
    async fn watched(&self, current: CurrentCall, Parameters(step): Parameters<Step>) -> String {
        act(&current, step.number).await
    }

    /// A tool without.
    #[tool]
    async fn bare(&self, current: CurrentCall, Parameters(step): Parameters<Step>) -> String {
        act(&current, step.number).await
    }

    /// A tool that is left out.
    #[watched_tool(skip)]
    #[tool]
    async fn skipped(&self, current: CurrentCall, Parameters(step): Parameters<Step>) -> String {
        act(&current, step.number).await
    }

    /// A tool that takes the whole request.
    #[watched_tool]
    #[tool]
    async fn whole(
        &self,
        Parameters(step): Parameters<Step>,
        context: RequestContext<RoleServer>,
    ) -> String {
        act(&CurrentCall::of(&context), step.number).await
    }

    /// A tool whose extractor notes something.
    #[watched_tool]
    #[tool]
    fn planned(&self, _plan: Plan) -> String {
        String::new()
    }

    /// A tool that keeps its handle, and blames its caller.
    #[watched_tool]
    #[tool]
    fn keep(&self, current: CurrentCall) -> Result<String, String> {
        current.blame_caller();
        self.kept.lock().expect("a lock").push(current);
        Err("the basket is empty".to_owned())
    }

    /// A tool that does what is not allowed.
    #[watched_tool]
    #[tool]
    fn wrong(&self, current: CurrentCall) -> String {
        current.tag("Upper", "x");
        current.tag("empty", "");
        current.tag("control", "a\nb");
        current.event("no name").record();
        KEYS.iter().for_each(|key| current.tag(key, "v"));
        String::new()
    }
}

/// One more than an event may have.
const KEYS: [&str; 51] = [
    "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11", "k12", "k13", "k14",
    "k15", "k16", "k17", "k18", "k19", "k20", "k21", "k22", "k23", "k24", "k25", "k26", "k27",
    "k28", "k29", "k30", "k31", "k32", "k33", "k34", "k35", "k36", "k37", "k38", "k39", "k40",
    "k41", "k42", "k43", "k44", "k45", "k46", "k47", "k48", "k49", "k50",
];

#[prompt_router]
impl Shop {
    /// A prompt.
    #[prompt]
    async fn greet(&self, current: CurrentCall) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, act(&current, 7).await)]
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for Shop {
    fn get_info(&self) -> ServerConfig {
        let capabilities =
            ServerCapabilities::builder().enable_tools().enable_prompts().enable_completions();
        ServerConfig::new(capabilities.build())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        act(&CurrentCall::of(&context), 8).await;
        Ok(CompleteResult::default())
    }
}

async fn wrapped(watch: &Watch) -> Client {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    let server = watch.wrap(Shop::default());
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    ().serve(client_side).await.expect("the client connects")
}

fn property<'r>(record: &'r Record, key: &str) -> &'r Value {
    &record.attributes.properties[key]
}

/// The records of one type.
fn of_type(recorder: &Recorder, event_type: &str) -> Vec<Record> {
    let mut records = recorder.records();
    records.retain(|record| record.event_type == event_type);
    records
}

/// The only event of the author's own is a child of the only other one of this type.
#[track_caller]
fn check_family(recorder: &Recorder, parent: &str, reply: Option<&str>) -> Record {
    let (children, parents) = (of_type(recorder, "custom"), of_type(recorder, parent));
    assert_eq!((children.len(), parents.len()), (1, 1), "{children:?}");
    let (child, parent) = (&children[0], &parents[0]);
    assert_eq!((child.event_name.as_str(), &child.mcp_method), ("step", &None));
    assert_eq!(child.trace_id, parent.trace_id);
    assert_eq!(child.parent_span_id, parent.span_id);
    assert_ne!(child.span_id, parent.span_id);
    assert_eq!(child.attributes.session, parent.attributes.session);
    assert_eq!(child.client_name, parent.client_name);
    assert_eq!(child.attributes.tags["kind"], "child");
    let tags = &parent.attributes.tags;
    assert_eq!(tags["plan"], "pro", "{tags}");
    assert_eq!(tags["number"], property(child, "number").to_string());
    if let Some(reply) = reply {
        let session = &parent.attributes.session["key"];
        let told = json!([[true, parent.trace_id, parent.span_id], session]);
        assert_eq!(serde_json::from_str::<Value>(reply).ok(), Some(told));
    }
    parent.clone()
}

#[tokio::test]
async fn f6_a_tool_with_the_attribute_alone_knows_its_call() {
    for tool in ["watched", "whole"] {
        let recorder = Recorder::with(|builder| builder.transport(Transport::Stdio));
        let client = connect(Shop::default(), &recorder.watch).await;
        let reply = call(&client, tool, json!({ "number": 3 })).await.expect("a reply");
        check_family(&recorder, "tool_call", Some(text(&reply)));
    }
}

#[tokio::test]
async fn f6_under_the_wrapper_every_operation_knows_itself() {
    for tool in ["watched", "bare", "whole"] {
        let recorder = Recorder::with(|builder| builder.transport(Transport::Stdio));
        let client = wrapped(&recorder.watch).await;
        let reply = call(&client, tool, json!({ "number": 3 })).await.expect("a reply");
        check_family(&recorder, "tool_call", Some(text(&reply)));
    }
    let recorder = Recorder::start();
    let client = wrapped(&recorder.watch).await;
    client.get_prompt(GetPromptRequestParams::new("greet")).await.expect("a prompt");
    check_family(&recorder, "prompt_get", None);
    let recorder = Recorder::start();
    let client = wrapped(&recorder.watch).await;
    let argument = rmcp::model::ArgumentInfo::new("a", "b");
    let params = CompleteRequestParams::new(Reference::for_prompt("greet"), argument);
    client.complete(params).await.expect("a completion");
    check_family(&recorder, "completion", None);
}

#[tokio::test]
async fn f6_where_nothing_is_recorded_the_handle_does_nothing() {
    let off = json!([[false, null, null], null]).to_string();
    let recorder = Recorder::with(|builder| builder.skip_tools(["whole"]));
    let before = recorder.watch.stats();
    let alone = connect(Shop::default(), &recorder.watch).await;
    let whole = wrapped(&recorder.watch).await;
    let disabled = connect(Shop::default(), &Watch::disabled()).await;
    let wrapped_off = wrapped(&Watch::disabled()).await;
    for (client, tools) in [
        (&alone, &["bare", "skipped", "whole"][..]),
        (&whole, &["skipped", "whole"]),
        (&disabled, &["watched", "bare", "skipped", "whole"]),
        (&wrapped_off, &["watched", "bare", "skipped", "whole"]),
    ] {
        for tool in tools {
            let reply = call(client, tool, json!({ "number": 3 })).await.expect("a reply");
            assert_eq!(text(&reply), off, "{tool}");
        }
    }
    assert!(of_type(&recorder, "tool_call").is_empty() && of_type(&recorder, "custom").is_empty());
    assert_eq!(before.own().dropped_total(), recorder.watch.stats().own().dropped_total());
    Watch::disabled().event("step").count("number", 1_u64).failed().record();
}

#[tokio::test]
async fn f6_an_extractor_of_the_authors_own_can_note_something() {
    let recorder = Recorder::start();
    let alone = connect(Shop::default(), &recorder.watch).await;
    let whole = wrapped(&recorder.watch).await;
    for client in [alone, whole] {
        call(&client, "planned", json!({})).await.expect("a reply");
    }
    let calls = of_type(&recorder, "tool_call");
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.attributes.tags == json!({ "plan": "pro" })), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_calls_that_run_at_once_keep_their_events_and_tags() {
    let recorder = Recorder::start();
    let clients = [connect(Shop::default(), &recorder.watch).await, wrapped(&recorder.watch).await];
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..CALLS {
        let peer = clients[number % 2].peer().clone();
        let arguments = json!({ "number": number }).as_object().cloned().unwrap_or_default();
        let params = rmcp::model::CallToolRequestParams::new("watched").with_arguments(arguments);
        calls.spawn(async move { peer.call_tool(params).await });
    }
    for reply in calls.join_all().await {
        assert_ne!(reply.expect("a reply").is_error, Some(true));
    }
    let (children, parents) = (of_type(&recorder, "custom"), of_type(&recorder, "tool_call"));
    assert_eq!((children.len(), parents.len()), (CALLS, CALLS));
    for parent in &parents {
        let child = children.iter().find(|child| child.parent_span_id == parent.span_id);
        let number = property(child.expect("a child"), "number").to_string();
        assert_eq!(parent.attributes.tags["number"], number);
    }
    assert!(recorder.watch.stats().is_balanced());
    assert!(recorder.watch.stats().own().captured() >= 2 * CALLS as u64);
}

#[tokio::test]
async fn f6_a_handle_that_outlives_its_call_still_has_events_and_no_notes() {
    let recorder = Recorder::start();
    let before = recorder.watch.stats().capture_faults;
    for wrap in [false, true] {
        let shop = Shop::default();
        let kept = Arc::clone(&shop.kept);
        let (server_side, client_side) = tokio::io::duplex(1 << 16);
        let watch = recorder.watch.clone();
        let client = if wrap {
            tokio::spawn(async move {
                let _ = watch.wrap(shop).serve(server_side).await.expect("served").waiting().await;
            });
            ().serve(client_side).await.expect("the client connects")
        } else {
            connect(shop, &watch).await
        };
        assert_eq!(call(&client, "keep", json!({})).await.expect("a reply").is_error, Some(true));
        let current = kept.lock().expect("a lock").pop().expect("a handle");
        current.tag("late", "x");
        current.blame_caller();
        assert_eq!(format!("{current:?}"), "CurrentCall(recorded)");
        current.event("late").record();
        let call = of_type(&recorder, "tool_call").pop().expect("a call");
        assert!(call.attributes.tags.is_null(), "{call:?}");
        assert_eq!(call.attributes.others["error"]["fault"], "caller");
        let late = of_type(&recorder, "custom").pop().expect("an event");
        assert_eq!((late.trace_id, late.parent_span_id), (call.trace_id, call.span_id));
    }
    assert!(recorder.watch.stats().capture_faults >= before + 2, "each late tag is counted");
}

#[tokio::test]
async fn f6_events_from_anywhere_have_a_trace_of_their_own_and_join_the_account() {
    let recorder = Recorder::with(|builder| builder.sample_rate(0.0).tag("region", "eu"));
    let event = recorder.watch.event("index.rebuilt").property("complete", &Some(true));
    let event = event.count("documents", 1_200_u64).count("documents", u64::MAX);
    event.tag("region", "us").duration(Duration::from_millis(1_500)).failed().record();
    recorder.watch.event("sampled.out").record();
    let _ = recorder.watch.event("never").tag("a", "b");
    let record = recorder.only();
    assert_eq!((record.event_type.as_str(), record.duration_ms), ("custom", 1_500.0));
    assert_eq!((record.mcp_method, record.parent_span_id), (None, None));
    assert_eq!(record.transport_type.as_deref(), Some("unknown"));
    assert!(record.trace_id.is_some() && record.attributes.session.is_null());
    let properties = json!({ "complete": true, "documents": i64::MAX });
    assert_eq!(record.attributes.properties, properties);
    assert_eq!(record.attributes.tags, json!({ "region": "us" }));
    assert_eq!(record.attributes.outcome.as_deref(), Some("tool_error"));
    assert_eq!((record.is_error, record.error_message.as_deref()), (true, Some("flagged")));
    let stats = recorder.watch.stats();
    assert!(stats.is_balanced());
    assert_eq!(stats.own().captured(), 2);
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f6_over_http_an_event_has_the_session_of_its_call() {
    let recorder = Recorder::start();
    let watch = recorder.watch.clone();
    let sessions = Arc::new(LocalSessionManager::default());
    let make = move || Ok(watch.wrap(Shop::default()));
    let service = StreamableHttpService::new(make, sessions, Default::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let app = axum::Router::new().nest_service("/mcp", service);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await.expect("connected");
    let reply = call(&client, "bare", json!({ "number": 3 })).await.expect("a reply");
    let parent = check_family(&recorder, "tool_call", Some(text(&reply)));
    assert_eq!(parent.attributes.session["source"], "http_header");
}
