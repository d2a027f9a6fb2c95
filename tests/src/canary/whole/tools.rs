//! Tools of every kind: with the attribute and without, added while the program runs, implemented as
//! a type, written by hand, skipped, and known to nobody.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use rmcp::handler::server::router::tool::{SyncTool, ToolBase, ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult,
    InputRequiredResult, JsonObject, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolwatch::{Shape, watched_tool};

use super::fixed::Fixed;
use super::script::{End, Script};
use super::server::{Whole, made};
use crate::canary::acts::{Refusal, Words};

/// The tool that is added while the program runs. The endpoint of a round refuses its events.
pub const DYNAMIC: &str = "generated_0";

/// The arguments of the typed tools.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
pub struct Query {
    /// What is looked for.
    pub query: String,
    /// Where.
    pub place: Option<Place>,
    /// Which.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How much.
    pub amount: Option<i64>,
}

/// A nested object.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
pub struct Place {
    /// A town.
    pub city: String,
}

#[tool_router(router = attributed_tools)]
impl Whole {
    /// Find something.
    #[watched_tool(args(query = hash, amount = kind))]
    #[tool]
    async fn attributed(
        &self,
        Parameters(_query): Parameters<Query>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.arrive(&context).play(&context.ct).await.map(answer)
    }

    /// Find nothing.
    #[watched_tool(intent = required)]
    #[tool]
    async fn failing(
        &self,
        Parameters(_query): Parameters<Query>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, Refusal> {
        let script = self.arrive(&context).play(&context.ct).await;
        let script = script.unwrap_or_else(|_| Script::of(&context.meta));
        Err(Refusal::new(&Words(script.words)))
    }

    /// Leave no trace.
    #[watched_tool(skip)]
    #[tool]
    async fn skipped(
        &self,
        Parameters(_query): Parameters<Query>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.arrive(&context).play(&context.ct).await.map(answer)
    }

    /// Find something, without an attribute.
    #[tool]
    async fn plain(
        &self,
        Parameters(_query): Parameters<Query>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.arrive(&context).play(&context.ct).await.map(answer)
    }

    /// Is switched off.
    #[tool]
    async fn disabled(&self) -> String {
        "never".to_owned()
    }
}

impl Whole {
    /// The router of all tools but the one that is written by hand.
    pub(super) fn all_tools(fixed: &Fixed) -> ToolRouter<Self> {
        let mut tools =
            Self::attributed_tools().with_sync_tool::<Typed>().with_disabled("disabled");
        let definition = Tool::new(DYNAMIC, fixed.words[1].clone(), Arc::new(fixed.schema.clone()));
        tools.add_route(ToolRoute::new_dyn(definition, |context: ToolCallContext<'_, Self>| {
            let script = context.service.arrive(&context.request_context);
            Box::pin(async move { script.play(&context.request_context.ct).await.map(answer) })
        }));
        tools
    }

    /// What is listed: the tool that is written by hand too.
    pub(super) fn advertised(&self) -> Vec<Tool> {
        let mut tools = self.router.list_all();
        let schema: JsonObject = made(json!({
            "type": "object",
            "properties": { "query": { "type": "string" }, "context": { "type": "string" } },
            "required": ["query"],
        }));
        tools.push(Tool::new("by_hand", "Written by hand.", Arc::new(schema)));
        tools
    }

    pub(super) fn call_any_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        let is_by_hand = matches!(&*request.name, "by_hand" | "hidden");
        let script = is_by_hand.then(|| self.arrive(&context));
        async move {
            match script {
                Some(script) => script.play(&context.ct).await.map(answer),
                None => self.router.call(ToolCallContext::new(self, request, context)).await,
            }
        }
    }
}

/// The result of a tool: one block of each kind, an error, a question, or a task.
fn answer(script: Script) -> CallToolResponse {
    let words = script.words.clone();
    let [a, b, c, d, _] = words;
    match script.end {
        End::Ask if a.len() % 2 == 0 => {
            let now = "2026-01-01T00:00:00Z";
            let task = json!({
                "taskId": a, "status": "working", "createdAt": now, "lastUpdatedAt": now, "ttlMs": null,
            });
            CreateTaskResult::new(made(task)).into()
        }
        End::Ask => InputRequiredResult::from_request_state(a).into(),
        End::Flag => {
            let mut result = CallToolResult::structured_error(script.document());
            result.content.push(ContentBlock::text(a));
            result.into()
        }
        _ => {
            let mut result = CallToolResult::structured(script.document());
            result.content.extend([
                ContentBlock::text(a),
                ContentBlock::image(b.clone(), "image/png"),
                ContentBlock::audio(c.clone(), b),
                ContentBlock::embedded_text(d, c),
            ]);
            result.into()
        }
    }
}

/// A tool that is a type. It sees no request, so its script is an argument.
struct Typed;

/// Its arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct TypedQuery {
    query: String,
    script: Value,
}

/// Its result.
#[derive(Debug, Serialize, JsonSchema)]
struct TypedAnswer {
    answer: String,
    echo: String,
}

impl ToolBase for Typed {
    type Parameter = TypedQuery;
    type Output = TypedAnswer;
    type Error = ErrorData;

    fn name() -> Cow<'static, str> {
        "typed".into()
    }
}

impl SyncTool<Whole> for Typed {
    fn invoke(_service: &Whole, query: TypedQuery) -> Result<TypedAnswer, ErrorData> {
        let script: Script = serde_json::from_value(query.script).unwrap_or_default();
        match script.end {
            End::Refuse | End::Flag => Err(script.refusal()),
            End::Panic | End::Early => std::panic::panic_any(script.words[1].clone()),
            _ => Ok(TypedAnswer { answer: script.words[0].clone(), echo: query.query }),
        }
    }
}

/// The server as a wrapper takes it: hand-written calls, or a router that was handed over.
pub fn wrap(server: &Whole, is_routed: bool) -> toolwatch::Watched<Whole> {
    if is_routed {
        return server.watch.wrap_with_router(server.clone(), server.router());
    }
    server.watch.wrap(server.clone())
}
