//! Servers to wrap: one written by hand, one with tools of every kind in a router.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::handler::server::router::tool::{AsyncTool, SyncTool, ToolBase, ToolRoute, ToolRouter};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolwatch::{Reveal, Shape, watched_tool};
use toolwatch_tests::server::Refused;

fn config() -> ServerConfig {
    ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
}

/// A tool with this schema.
pub(crate) fn tool(name: &'static str, schema: &Value) -> Tool {
    let schema = schema.as_object().cloned().expect("an object");
    Tool::new(name, format!("Does {name}."), Arc::new(schema))
}

/// A tool that takes one text.
pub(crate) fn text_tool(name: &'static str) -> Tool {
    let properties = json!({ "text": { "type": "string" } });
    tool(name, &json!({ "type": "object", "properties": properties, "required": ["text"] }))
}

/// A server without a router. Its tools answer with their arguments.
#[derive(Clone, Default)]
pub(crate) struct Hand {
    /// What it lists, page by page.
    pub(crate) pages: Arc<Mutex<Vec<Vec<Tool>>>>,
    /// Tools that it has and does not list.
    pub(crate) unlisted: Vec<&'static str>,
    pub(crate) has_get_tool: bool,
    /// Whether its tools answer that something was not found.
    pub(crate) refuses: bool,
    /// How long a call takes.
    pub(crate) delay: Duration,
    /// The arguments that reached it.
    pub(crate) seen: Arc<Mutex<Vec<Option<JsonObject>>>>,
}

impl Hand {
    pub(crate) fn new(pages: Vec<Vec<Tool>>) -> Self {
        Self { pages: Arc::new(Mutex::new(pages)), ..Self::default() }
    }

    pub(crate) fn with_get_tool(self) -> Self {
        Self { has_get_tool: true, ..self }
    }

    pub(crate) fn set(&self, pages: Vec<Vec<Tool>>) {
        *self.pages.lock().expect("pages") = pages;
    }

    fn find(&self, name: &str) -> Option<Tool> {
        self.pages.lock().expect("pages").iter().flatten().find(|tool| tool.name == name).cloned()
    }
}

impl ServerHandler for Hand {
    fn get_info(&self) -> ServerConfig {
        config()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.find(name).filter(|_| self.has_get_tool)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let cursor = request.and_then(|page| page.cursor);
        let page: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap_or(usize::MAX));
        let pages = self.pages.lock().expect("pages");
        let tools = pages.get(page).cloned().unwrap_or_default();
        let mut listed = ListToolsResult::with_all_items(tools);
        listed.next_cursor = (page + 1 < pages.len()).then(|| (page + 1).to_string());
        listed.meta = serde_json::from_value(json!({ "page": page, "big": u64::MAX })).ok();
        Ok(listed)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if self.find(&request.name).is_none() && !self.unlisted.contains(&&*request.name) {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        }
        tokio::time::sleep(self.delay).await;
        if self.refuses {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "upstream", None));
        }
        let text = json!(request.arguments).to_string();
        self.seen.lock().expect("arguments").push(request.arguments);
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema, Shape)]
pub(crate) struct Search {
    pub(crate) query: String,
    pub(crate) order: Option<Order>,
    pub(crate) token: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Newest,
    Oldest,
}

/// Tools of every kind.
#[derive(Clone)]
pub(crate) struct Mixed {
    router: ToolRouter<Self>,
}

#[tool_router(vis = "pub(crate)")]
impl Mixed {
    /// A tool with rules.
    #[watched_tool(
        args(query = hash, order = value, token = omit),
        intent(text = "Why do you search?", max_chars = 10),
        tags(team = "docs")
    )]
    #[tool]
    async fn typed(&self, Parameters(search): Parameters<Search>) -> Result<String, Refused> {
        if search.query == "refuse" { Err(refused()) } else { Ok(json!(search).to_string()) }
    }

    /// A tool under another name.
    #[watched_tool(name = "docs.count", intent = off)]
    #[tool(name = "count")]
    async fn count(&self, arguments: JsonObject) -> String {
        json!(arguments).to_string()
    }

    /// A tool without the attribute.
    #[tool]
    async fn plain(&self, arguments: JsonObject) -> String {
        json!(arguments).to_string()
    }

    /// A tool that is never recorded.
    #[watched_tool(skip)]
    #[tool]
    async fn private(&self, Parameters(search): Parameters<Search>) -> String {
        json!(search).to_string()
    }
}

fn refused() -> Refused {
    Refused::new("no")
}

impl Mixed {
    /// The tools of the attribute macros, and a dynamic, a sync and an async one.
    pub(crate) fn router() -> ToolRouter<Self> {
        let dynamic = ToolRoute::new_dyn(text_tool("dynamic"), |context| {
            Box::pin(async move {
                let text = json!(context.arguments).to_string();
                Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
            })
        });
        Self::tool_router().with_route(dynamic).with_sync_tool::<Sync>().with_async_tool::<Async>()
    }

    pub(crate) fn new() -> Self {
        Self { router: Self::router() }
    }

    pub(crate) fn with_disabled(mut self, tool: &'static str) -> Self {
        self.router.disable_route(tool);
        self
    }
}

#[tool_handler(router = self.router)]
impl ServerHandler for Mixed {}

pub(crate) struct Sync;
pub(crate) struct Async;

macro_rules! base {
    ($tool:ident, $name:literal) => {
        impl ToolBase for $tool {
            type Parameter = Search;
            type Output = Search;
            type Error = ErrorData;

            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

base!(Sync, "sync");
base!(Async, "async");

impl SyncTool<Mixed> for Sync {
    fn invoke(_: &Mixed, search: Search) -> Result<Search, ErrorData> {
        Ok(search)
    }
}

impl AsyncTool<Mixed> for Async {
    async fn invoke(_: &Mixed, search: Search) -> Result<Search, ErrorData> {
        Ok(search)
    }
}
