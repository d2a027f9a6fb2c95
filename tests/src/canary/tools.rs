//! The server of the canary suite: generated tools, registered while it runs, and typed ones.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, JsonObject, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use toolwatch::__private::{Call, Declared, IntentMode, IntentSpec, Site, Spec};
use toolwatch::Watch;

use super::acts::{Act, Words, perform};

/// The time limit of a handler that never ends. Long enough for its first poll.
const TIME_LIMIT: Duration = Duration::from_millis(5);

/// What the next call of a tool does. Calls come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// How the call ends.
    pub act: Act,
    /// What the tool says.
    pub words: Words,
    /// Whether the body runs.
    pub is_running: bool,
}

/// The server.
#[derive(Clone)]
pub struct Server {
    watch: Watch,
    router: Arc<ToolRouter<Self>>,
    stage: Arc<Mutex<Stage>>,
}

impl Server {
    /// A server with the typed tools and one tool for each of these schemas.
    pub fn new(watch: &Watch, generated: Vec<(String, JsonObject)>) -> Self {
        let mut router = Self::typed_router();
        for (name, schema) in generated {
            router.add_route(route(name, schema));
        }
        Self { watch: watch.clone(), router: Arc::new(router), stage: Arc::default() }
    }

    /// Whether a tool advertises the intent parameter, so that the agent's words are taken for it.
    pub fn asks_for_intent(&self, tool: &str) -> bool {
        let schema = self.router.get(tool).map(|tool| Arc::clone(&tool.input_schema));
        schema.is_some_and(|schema| {
            schema.get("properties").is_some_and(|it| it.get("context").is_some())
        })
    }

    /// What the next call does.
    pub fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the stage for one call.
    pub(super) fn enter(&self) -> Stage {
        let mut stage = self.stage();
        stage.is_running = true;
        stage.clone()
    }
}

/// A tool with a generated schema, wired as `#[watched_tool]` wires its handlers.
fn route(name: String, schema: JsonObject) -> ToolRoute<Server> {
    let name: &'static str = name.leak();
    let intent = IntentSpec { mode: IntentMode::Optional, text: None, max_chars: 500 };
    let site: &'static Site = Box::leak(Box::new(Site::new(Spec {
        tool: name,
        rules: &[],
        intent,
        tags: &[("suite", "canary")],
    })));
    let entry = site.entry::<Server>(|| Declared {
        input_schema: Arc::new(schema),
        shape: None,
        reasons: Vec::new(),
    });
    let tool = Tool::new(name, "A generated tool.", entry.input_schema());
    ToolRoute::new_dyn(tool, move |mut context: ToolCallContext<'_, Server>| {
        Box::pin(async move {
            let service = context.service;
            let call = Call::from_context_part(&mut context)?.open(service, entry)?;
            let stage = service.enter();
            let handler = perform(call, stage.act, stage.words);
            if stage.act == Act::Dropped {
                let too_late = |_| Err(ErrorData::internal_error("too late", None));
                return tokio::time::timeout(TIME_LIMIT, handler).await.unwrap_or_else(too_late);
            }
            handler.await
        })
    })
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        // Several watches live in one process of the suite: each request names its own.
        context.extensions.insert(self.watch.clone());
        self.router.call(ToolCallContext::new(self, request, context))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.router.list_all()))
    }
}
