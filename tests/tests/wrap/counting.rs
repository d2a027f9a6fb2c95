//! A server that overrides every method of `ServerHandler` and counts what reaches it.

#![expect(deprecated, reason = "older protocol versions still use what newer ones deprecate")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How often each method was called.
pub(crate) type Calls = Arc<Mutex<BTreeMap<&'static str, usize>>>;

#[derive(Clone, Default)]
pub(crate) struct Counting {
    pub(crate) calls: Calls,
}

impl Counting {
    fn count(&self, method: &'static str) {
        *self.calls.lock().expect("counts").entry(method).or_default() += 1;
    }
}

fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a value of the protocol")
}

fn tool() -> Value {
    json!({ "name": "own", "inputSchema": { "type": "object", "properties": { "n": { "type": "integer" } } } })
}

fn skill() -> Value {
    json!({ "uri": "skill://make/SKILL.md", "frontmatter": { "name": "make", "description": "d" }, "resources": "dynamic" })
}

fn task() -> Value {
    let now = "2026-01-01T00:00:00Z";
    json!({ "taskId": "t", "status": "working", "createdAt": now, "lastUpdatedAt": now, "ttlMs": null })
}

/// Methods that answer a request with a fixed value.
macro_rules! requests {
    ($( $name:ident ( $($param:ty)? ) -> $output:ty = $reply:expr; )*) => {$(
        fn $name(
            &self,
            $(_: $param,)?
            _: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$output, ErrorData>> + Send + '_ {
            self.count(stringify!($name));
            std::future::ready(Ok($reply))
        }
    )*};
}

/// Methods that take a notification.
macro_rules! notifications {
    ($( $name:ident ( $($param:ty)? ); )*) => {$(
        fn $name(
            &self,
            $(_: $param,)?
            _: NotificationContext<RoleServer>,
        ) -> impl Future<Output = ()> + Send + '_ {
            self.count(stringify!($name));
            std::future::ready(())
        }
    )*};
}

impl ServerHandler for Counting {
    requests! {
        ping() -> () = ();
        complete(CompleteRequestParams) -> CompleteResult =
            made(json!({ "completion": { "values": ["a", "b"], "hasMore": true } }));
        set_level(SetLevelRequestParams) -> () = ();
        get_prompt(GetPromptRequestParams) -> GetPromptResponse = GetPromptResponse::Complete(
            made(json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": "go" } }] })));
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult =
            made(json!({ "prompts": [{ "name": "greet", "arguments": [{ "name": "who" }] }], "nextCursor": "p2" }));
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult =
            made(json!({ "resources": [{ "uri": "memo://one", "name": "one" }] }));
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult =
            made(json!({ "resourceTemplates": [{ "uriTemplate": "memo://{id}", "name": "memo" }] }));
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse = ReadResourceResponse::Complete(
            made(json!({ "contents": [{ "uri": "memo://one", "text": "one" }] })));
        subscribe(SubscribeRequestParams) -> () = ();
        unsubscribe(UnsubscribeRequestParams) -> () = ();
        call_tool(CallToolRequestParams) -> CallToolResponse =
            CallToolResult::success(vec![ContentBlock::text("called")]).into();
        list_tools(Option<PaginatedRequestParams>) -> ListToolsResult =
            made(json!({ "tools": [tool()], "nextCursor": "2", "_meta": { "k": 9_007_199_254_740_993_u64 } }));
        on_custom_request(CustomRequest) -> CustomResult = CustomResult::new(json!({ "custom": [1, null] }));
        get_task(GetTaskParams) -> GetTaskResult = made(task());
        update_task(UpdateTaskParams) -> () = ();
        cancel_task(CancelTaskParams) -> () = ();
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult = made(json!({ "skills": [skill()] }));
        get_skill(GetSkillRequestParams) -> GetSkillResult = made(json!({ "skill": skill() }));
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult =
            made(json!({ "resources": [{ "uri": "memo://dir/a", "name": "a" }] }));
    }

    notifications! {
        on_cancelled(CancelledNotificationParam);
        on_progress(ProgressNotificationParam);
        on_initialized();
        on_roots_list_changed();
        on_custom_notification(CustomNotification);
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        self.count("discover");
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info()))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.count("initialize");
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        self.count("negotiate_initialize");
        let mut info = self.get_info();
        info.protocol_version = request.protocol_version.clone();
        Ok(info)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.count("supported_protocol_versions");
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.count("accepted_subscription_filter");
        Some(requested.clone())
    }

    async fn listen(&self, _: SubscriptionContext) -> Result<(), ErrorData> {
        self.count("listen");
        Ok(())
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.count("get_tool");
        (name == "own").then(|| made(tool()))
    }

    fn get_info(&self) -> ServerConfig {
        self.count("get_info");
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_tasks()
            .enable_skills_with_directory_read()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("counting", "1"))
            .with_instructions("count")
    }
}
