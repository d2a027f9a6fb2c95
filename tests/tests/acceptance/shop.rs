//! A server whose tools, prompts and completions use their current call.

use std::sync::{Arc, Mutex};

use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, PromptMessage, Role, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt, prompt, prompt_handler, prompt_router, tool,
    tool_handler, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use toolwatch::local::Record;
use toolwatch::{Count, CurrentCall, Shape, Watch, watched_tool};
use toolwatch_tests::observed::{Client, Recorder};

#[derive(Deserialize, JsonSchema, Shape)]
pub(crate) struct Step {
    number: u64,
}

/// An extractor of the author's own that tags the call it runs in.
pub(crate) struct Plan;

impl<C: AsRequestContext> FromContextPart<C> for Plan {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        CurrentCall::of(context.as_request_context()).tag("plan", "pro");
        Ok(Self)
    }
}

/// An extractor of the author's own that panics.
pub(crate) struct Bomb;

impl<C: AsRequestContext> FromContextPart<C> for Bomb {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        CurrentCall::of(context.as_request_context()).tag("plan", "bomb");
        panic!("in an extractor")
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
pub(crate) struct Shop {
    pub(crate) kept: Arc<Mutex<Vec<CurrentCall>>>,
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

    /// A tool whose extractor panics.
    #[watched_tool]
    #[tool]
    fn bombed(&self, _bomb: Bomb) -> String {
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
pub(crate) const KEYS: [&str; 51] = [
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

pub(crate) async fn wrapped(watch: &Watch) -> Client {
    let (server_side, client_side) = tokio::io::duplex(1 << 16);
    let server = watch.wrap(Shop::default());
    tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    ().serve(client_side).await.expect("the client connects")
}

/// The records of one type.
pub(crate) fn of_type(recorder: &Recorder, event_type: &str) -> Vec<Record> {
    let mut records = recorder.records();
    records.retain(|record| record.event_type == event_type);
    records
}
