//! A server with a tool for each way to end, and one that logs to the client.

use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    ListResourcesResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use toolwatch::{LogLevel, ServerLogger, Shape, Watch, WatchBuilder, watched_tool};

#[derive(Deserialize, JsonSchema, Shape)]
pub(crate) struct Query {
    pub(crate) text: String,
}

/// With a resource of the same URI as ours when `has_own`.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    pub(crate) has_own: bool,
}

#[tool_router(vis = "pub(crate)")]
impl Shop {
    /// Finds.
    #[watched_tool]
    #[tool]
    async fn find(&self, Parameters(query): Parameters<Query>) -> Result<String, String> {
        match query.text.as_str() {
            "fail" => Err("no".to_owned()),
            text => Ok(text.to_owned()),
        }
    }

    /// Takes its time.
    #[tool]
    async fn slow(&self) -> String {
        tokio::time::sleep(Duration::from_millis(30)).await;
        "done".to_owned()
    }

    /// Says one message of each level.
    #[tool]
    async fn chatty(&self, logger: ServerLogger) -> String {
        let logger = logger.named("shop");
        logger.debug("debug").await;
        logger.info("info").await;
        logger.notice("notice").await;
        logger.warning("warning").await;
        logger.error("error").await;
        logger.critical("critical").await;
        logger.alert("alert").await;
        logger.emergency(serde_json::json!({ "level": "emergency" })).await;
        logger.is_enabled(LogLevel::Debug).to_string()
    }
}

#[tool_handler]
impl ServerHandler for Shop {
    #[expect(deprecated, reason = "older protocol versions still log to the client")]
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_logging().build())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let own = Resource::new("metrics://server", "own");
        let resources = if self.has_own { vec![own] } else { Vec::new() };
        Ok(ListResourcesResult::with_all_items(resources))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if !self.has_own {
            return Err(ErrorData::resource_not_found("no such resource", None));
        }
        let contents = ResourceContents::text("mine", request.uri);
        Ok(ReadResourceResponse::Complete(ReadResourceResult::new(vec![contents])))
    }
}

/// A builder that sees no variable.
pub(crate) fn offline() -> WatchBuilder {
    Watch::builder().environment(|_| None)
}
