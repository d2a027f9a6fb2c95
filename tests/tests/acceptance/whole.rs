//! A server that gives every member of the dictionary that only whole servers have, and a session
//! with it, line by line.

use std::sync::atomic::{AtomicUsize, Ordering};

use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, ListPromptsResult, ListResourceTemplatesResult,
    ListToolsResult, PaginatedRequestParams, Prompt, PromptArgument, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents,
    ResourceTemplate, Role, ServerCapabilities, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use toolwatch::Watch;

#[derive(Default)]
struct Whole(AtomicUsize);

impl ServerHandler for Whole {
    fn get_info(&self) -> ServerConfig {
        let all = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_completions();
        ServerConfig::new(all.build())
    }

    /// Two pages, and one more tool each time that the first is asked for.
    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |name: String| Tool::new(name, "A tool.", serde_json::Map::new());
        if page.is_some_and(|page| page.cursor.is_some()) {
            return Ok(ListToolsResult::with_all_items(vec![tool("last".to_owned())]));
        }
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let tools = (0..=count).map(|number| tool(format!("tool_{number}"))).collect();
        let mut listed = ListToolsResult::with_all_items(tools);
        listed.next_cursor = Some("more".to_owned());
        Ok(listed)
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let arguments = vec![PromptArgument::new("city")];
        let prompt = Prompt::new("travel", Some("Plans a journey."), Some(arguments));
        Ok(ListPromptsResult::with_all_items(vec![prompt]))
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let message = PromptMessage::new(Role::User, ContentBlock::text("Go."));
        Ok(GetPromptResult::new(vec![message]).into())
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let template = ResourceTemplate::new("city://{name}/map", "map");
        Ok(ListResourceTemplatesResult::with_all_items(vec![template]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let text = ResourceContents::text("a map", request.uri.clone());
        let blob = ResourceContents::blob("AAAA", request.uri);
        Ok(ReadResourceResult::new(vec![text, blob]).into())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let info = CompletionInfo::with_pagination(vec!["paris".to_owned()], Some(9), true);
        Ok(CompleteResult::new(info.map_err(|error| ErrorData::internal_error(error, None))?))
    }

    async fn subscribe(
        &self,
        _request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }
}

/// Runs a session of each protocol era to its end.
pub(crate) async fn run(watch: &Watch) {
    let client = json!({ "name": "raw", "version": "1" });
    let handshake =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let city = json!({ "name": "city", "value": "pa" });
    let prompt = json!({ "type": "ref/prompt", "name": "travel" });
    let map = json!({ "uri": "city://rome/map" });
    let context = json!({ "arguments": { "country": "it" } });
    session(
        watch,
        vec![
            ("initialize", handshake),
            ("tools/list", json!({})),
            ("tools/list", json!({ "cursor": "more" })),
            ("tools/list", json!({})),
            ("tools/list", json!({ "cursor": "more" })),
            ("prompts/list", json!({})),
            ("prompts/get", json!({ "name": "travel", "arguments": { "city": "rome" } })),
            ("resources/templates/list", json!({})),
            ("resources/read", map.clone()),
            ("resources/read", map.clone()),
            ("resources/subscribe", map.clone()),
            ("resources/unsubscribe", map),
            ("completion/complete", json!({ "ref": prompt, "argument": city, "context": context })),
            ("ping", json!({})),
            ("suite/custom", json!({ "text": "x" })),
        ],
    )
    .await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": client,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let wanted = json!({ "toolsListChanged": true, "promptsListChanged": true,
        "resourcesListChanged": true, "resourceSubscriptions": ["city://rome/map"] });
    session(
        watch,
        vec![
            ("server/discover", json!({ "_meta": meta })),
            ("subscriptions/listen", json!({ "notifications": wanted, "_meta": meta })),
        ],
    )
    .await;
}

async fn session(watch: &Watch, requests: Vec<(&str, Value)>) {
    let (server_side, client) = tokio::io::duplex(1 << 16);
    let server = watch.wrap(Whole::default());
    let served = tokio::spawn(async move {
        if let Ok(running) = server.serve(server_side).await {
            let _ = running.waiting().await;
        }
    });
    let (reader, mut writer) = tokio::io::split(client);
    let mut lines = BufReader::new(reader).lines();
    for (id, (method, params)) in requests.into_iter().enumerate() {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        send(&mut writer, &request).await;
        lines.next_line().await.expect("a line").expect("a reply");
        if method == "initialize" {
            let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
            send(&mut writer, &initialized).await;
        }
    }
    // At the end of its input a server waits a while for what still runs.
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 1, "reason": "done" } });
    send(&mut writer, &cancelled).await;
    // A reply to what comes after it says that it was read: a connection that is gone before has
    // nothing to cancel, and the event comes too late.
    let after = json!({ "jsonrpc": "2.0", "id": "after", "method": "ping" });
    send(&mut writer, &after).await;
    while !lines.next_line().await.expect("a line").expect("a reply").contains("\"after\"") {}
    drop((lines, writer));
    served.await.expect("the server ends");
}

async fn send(writer: &mut tokio::io::WriteHalf<DuplexStream>, message: &Value) {
    writer.write_all(format!("{message}\n").as_bytes()).await.expect("written");
}
