//! The watched server of the quickstart: a small documentation server.

use std::error::Error;
use std::time::Duration;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    CallToolResult, ListResourceTemplatesResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, ResourceContents, ResourceTemplate,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::stdio;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolwatch::{Reveal, Shape, Watch, watched_tool};

#[derive(Clone)]
struct Docs;

#[derive(Deserialize, JsonSchema, Shape)]
struct Search {
    /// What to look for.
    query: String,
    /// How many hits to return.
    limit: Option<PageSize>,
    /// Where the last page ended.
    cursor: Option<String>,
    /// Grants access to internal pages.
    api_token: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "lowercase")]
enum PageSize {
    Small,
    Large,
}

#[derive(Serialize, JsonSchema)]
struct Hits {
    titles: Vec<String>,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Page {
    title: String,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Report {
    /// How long the report takes, in milliseconds.
    millis: u64,
}

#[tool_router]
impl Docs {
    /// Search the documentation.
    #[watched_tool(args(limit = value, api_token = omit, cursor = volatile))]
    #[tool]
    async fn search(&self, Parameters(search): Parameters<Search>) -> Json<Hits> {
        let count = match search.limit {
            Some(PageSize::Large) => 20,
            Some(PageSize::Small) | None => 3,
        };
        let authorized = search.api_token.is_some();
        let page = search.cursor.as_deref().unwrap_or("first");
        let title =
            |index| format!("{} {index} ({page} page, internal: {authorized})", search.query);
        Json(Hits { titles: (0..count).map(title).collect() })
    }

    /// Read one page.
    #[watched_tool]
    #[tool]
    async fn read_page(&self, Parameters(page): Parameters<Page>) -> Result<String, String> {
        if page.title.starts_with("draft") {
            return Err(format!("there is no page called {}", page.title));
        }
        Ok(format!("# {}\n\nThis is the page.", page.title))
    }

    /// Prepare a usage report. This takes a while.
    #[watched_tool(tags(cost = "high"))]
    #[tool]
    async fn usage_report(&self, Parameters(report): Parameters<Report>) -> CallToolResult {
        tokio::time::sleep(Duration::from_millis(report.millis)).await;
        CallToolResult::success(vec![rmcp::model::ContentBlock::text("all is well")])
    }

    /// Rebuild the search index.
    #[watched_tool]
    #[tool]
    async fn reindex(&self) -> Result<String, ErrorData> {
        panic!("the index is corrupt")
    }

    /// Tell whether the server is up.
    #[watched_tool(skip)]
    #[tool]
    async fn health(&self) -> String {
        "up".to_owned()
    }
}

/// The pages are resources, too.
#[tool_handler]
impl ServerHandler for Docs {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources();
        ServerConfig::new(capabilities.build())
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let page = ResourceTemplate::new("docs://page/{title}", "page");
        Ok(ListResourceTemplatesResult::with_all_items(vec![page]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let text = format!("# {}", request.uri);
        Ok(ReadResourceResult::new(vec![ResourceContents::text(text, request.uri)]).into())
    }
}

/// Serves over stdio until the client goes away.
pub(super) async fn serve() -> Result<(), Box<dyn Error>> {
    let watch = Watch::builder().server("docs", env!("CARGO_PKG_VERSION")).build()?;
    watch.wrap_with_router(Docs, Docs::tool_router()).serve(stdio()).await?.waiting().await?;
    Ok(())
}
