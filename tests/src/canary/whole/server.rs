//! A server that overrides every method of `ServerHandler` and does what each message asks.

#![expect(deprecated, reason = "older protocol versions still use what newer ones deprecate")]
#![expect(clippy::expect_used, reason = "these replies are valid by construction")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::*;
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use toolwatch::{CurrentCall, Watch};

use super::author::{self, Told};
use super::fixed::Fixed;
use super::script::{End, Script};

/// The server. Its clones are one server.
#[derive(Clone)]
pub struct Whole {
    pub(super) watch: Watch,
    pub(super) router: Arc<ToolRouter<Self>>,
    fixed: Arc<Fixed>,
    told: Told,
    /// How many handlers have begun to wait until they are cancelled.
    waiting: Arc<AtomicUsize>,
}

impl Whole {
    /// A server with these texts of its author's.
    #[must_use]
    pub fn new(watch: &Watch, fixed: Fixed, told: &Told) -> Self {
        Self {
            watch: watch.clone(),
            router: Arc::new(Self::all_tools(&fixed)),
            fixed: Arc::new(fixed),
            told: told.clone(),
            waiting: Arc::default(),
        }
    }

    /// All tools, to be handed over.
    #[must_use]
    pub fn router(&self) -> Arc<ToolRouter<Self>> {
        Arc::clone(&self.router)
    }

    /// How many handlers have begun to wait so far.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// Takes a request up.
    pub(super) fn arrive(&self, context: &RequestContext<RoleServer>) -> Script {
        let script = Script::of(&context.meta);
        script.begin();
        author::note(&self.watch, &CurrentCall::of(context), &script, &self.told);
        if script.end == End::Wait {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        script
    }

    fn hear(&self, context: &NotificationContext<RoleServer>) -> Script {
        let script = Script::of(&context.meta);
        script.begin();
        author::note(&self.watch, &CurrentCall::of_notification(context), &script, &self.told);
        script
    }
}

/// A value of the protocol.
pub(super) fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a value of the protocol")
}

/// Something that is listed: its names are the author's, all else is a needle.
fn listed(mut item: Value, script: &Script) -> Value {
    item["description"] = script.words[0].clone().into();
    item["title"] = script.words[1].clone().into();
    item["_meta"] = json!({ "k": script.words[2] });
    item
}

fn skill(script: &Script) -> Value {
    json!({
        "uri": "skill://make/SKILL.md",
        "frontmatter": { "name": "make", "description": script.words[0] },
        "resources": "dynamic",
    })
}

fn task(script: &Script) -> Value {
    let now = "2026-01-01T00:00:00Z";
    let [id, message, ..] = &script.words;
    json!({
        "taskId": id, "status": "working", "statusMessage": message,
        "createdAt": now, "lastUpdatedAt": now, "ttlMs": null,
    })
}

fn prompt(script: Script) -> GetPromptResponse {
    if script.asks() {
        return InputRequiredResult::from_request_state(script.words[0].clone()).into();
    }
    let [a, b, c, d, e] = script.words;
    let mut result = GetPromptResult::new(vec![
        PromptMessage::new_text(Role::User, a),
        PromptMessage::new(Role::Assistant, ContentBlock::image(b, "image/png")),
        PromptMessage::new(Role::User, ContentBlock::embedded_text(format!("note://{c}"), d)),
    ]);
    result.description = Some(e);
    result.into()
}

fn contents(script: Script) -> ReadResourceResponse {
    if script.asks() {
        return InputRequiredResult::from_request_state(script.words[0].clone()).into();
    }
    let [a, b, c, d, e] = script.words;
    ReadResourceResult::new(vec![
        ResourceContents::text(a, format!("note://{b}")).with_mime_type(c),
        ResourceContents::blob(d, e),
    ])
    .into()
}

/// Methods that play the script and answer with its words.
macro_rules! requests {
    ($( $name:ident ( $($param:ty)? ) -> $output:ty = |$script:ident| $reply:expr; )*) => {$(
        fn $name(
            &self,
            $(_: $param,)?
            context: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$output, ErrorData>> + Send + '_ {
            let script = self.arrive(&context);
            async move {
                let $script = script.play(&context.ct).await?;
                Ok($reply)
            }
        }
    )*};
}

/// Methods that take a notification; what they refuse, nobody hears.
macro_rules! notifications {
    ($( $name:ident ( $($param:ty)? ); )*) => {$(
        fn $name(
            &self,
            $(_: $param,)?
            context: NotificationContext<RoleServer>,
        ) -> impl Future<Output = ()> + Send + '_ {
            let script = self.hear(&context);
            async move {
                if script.end == End::Panic {
                    let _ = script.play(&Default::default()).await;
                }
            }
        }
    )*};
}

impl ServerHandler for Whole {
    requests! {
        ping() -> () = |_script| ();
        complete(CompleteRequestParams) -> CompleteResult =
            |script| made(json!({ "completion": { "values": script.words, "hasMore": true, "total": 7 } }));
        set_level(SetLevelRequestParams) -> () = |_script| ();
        get_prompt(GetPromptRequestParams) -> GetPromptResponse = |script| prompt(script);
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult = |script| made(json!({
            "prompts": [listed(json!({
                "name": "greet",
                "arguments": [{ "name": "who", "required": true }, { "name": "mood", "description": script.words[3] }],
            }), &script)],
            "nextCursor": script.words[4],
        }));
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult = |script| made(json!({
            "resources": [listed(json!({ "uri": "note://one", "name": "one", "mimeType": script.words[3] }), &script)],
            "nextCursor": script.words[4],
        }));
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult = |script| made(json!({
            "resourceTemplates": [
                listed(json!({ "uriTemplate": "note://{folder}/{page}", "name": "page" }), &script),
                listed(json!({ "uriTemplate": "file:///{+path}", "name": "file" }), &script),
            ],
        }));
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse = |script| contents(script);
        subscribe(SubscribeRequestParams) -> () = |_script| ();
        unsubscribe(UnsubscribeRequestParams) -> () = |_script| ();
        on_custom_request(CustomRequest) -> CustomResult = |script| CustomResult::new(script.document());
        get_task(GetTaskParams) -> GetTaskResult = |script| made(task(&script));
        update_task(UpdateTaskParams) -> () = |_script| ();
        cancel_task(CancelTaskParams) -> () = |_script| ();
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult =
            |script| made(json!({ "skills": [skill(&script)], "nextCursor": script.words[4] }));
        get_skill(GetSkillRequestParams) -> GetSkillResult = |script| made(json!({ "skill": skill(&script) }));
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ReadResourceDirectoryResult = |script| made(json!({
            "resources": [listed(json!({ "uri": script.words[3], "name": script.words[4] }), &script)],
        }));
    }

    notifications! {
        on_cancelled(CancelledNotificationParam);
        on_progress(ProgressNotificationParam);
        on_initialized();
        on_roots_list_changed();
        on_custom_notification(CustomNotification);
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send + '_ {
        self.call_any_tool(request, context)
    }

    fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + Send + '_ {
        let script = self.arrive(&context);
        async move {
            let script = script.play(&context.ct).await?;
            let mut page = ListToolsResult::with_all_items(self.advertised());
            page.meta = made(json!({ "k": script.words[0] }));
            Ok(page)
        }
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.advertised().into_iter().find(|tool| tool.name == name)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.arrive(&context).play(&context.ct).await?;
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        self.arrive(&context).play(&context.ct).await?;
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info()))
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let request = context.request_context();
        self.arrive(request).play(&request.ct).await.map(drop)
    }

    fn get_info(&self) -> ServerConfig {
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
            .with_server_info(Implementation::new("whole", "1"))
            .with_instructions(self.fixed.words[0].clone())
    }
}
