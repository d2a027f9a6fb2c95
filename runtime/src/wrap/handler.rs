//! Every method of rmcp's `ServerHandler`, forwarded. A suite reads the trait's methods in rmcp's
//! source and fails when one is missing here.

#![expect(deprecated, reason = "older protocol versions still use what newer ones deprecate")]

use std::borrow::Cow;
use std::future::Future;

use rmcp::model::*;
use rmcp::service::{
    MaybeSendFuture, NotificationContext, RequestContext, RoleServer, SubscriptionContext,
};
use rmcp::{ErrorData, ServerHandler};

use super::Watched;
use super::operation::Operation;
use super::record::Recorded;
use crate::event::EventType;

/// Requests that are recorded by their method and their end alone.
macro_rules! plain_requests {
    ($( $name:ident ( $($param:ident : $ty:ty)? ) -> $output:ty, $event_type:ident, $method:literal; )*) => {$(
        fn $name(
            &self,
            $($param: $ty,)?
            mut context: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$output, ErrorData>> + MaybeSendFuture + '_ {
            $(
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_params($method, &$param);
            )?
            let operation = Operation::new(EventType::$event_type, $method);
            let recorder = self.open(operation, &mut context, |_, _| {});
            Recorded::new(
                recorder,
                || self.handler.$name($($param,)? context),
                |reply, recorder| {
                    #[cfg(feature = "planted-leaks")]
                    crate::testing::leak::see_result($method, reply);
                    self.settle(reply, recorder);
                },
            )
        }
    )*};
}

/// Notifications that are recorded by their method alone.
macro_rules! plain_notifications {
    ($( $name:ident ( $($param:ident : $ty:ty)? ), $method:literal; )*) => {$(
        fn $name(
            &self,
            $($param: $ty,)?
            mut context: NotificationContext<RoleServer>,
        ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
            $(
                #[cfg(feature = "planted-leaks")]
                crate::testing::leak::see_params($method, &$param);
            )?
            let recorder = self.open_notice($method, &mut context, |_, _| {});
            Recorded::new(
                recorder,
                || self.handler.$name($($param,)? context),
                |(), recorder| recorder.finish_ok(),
            )
        }
    )*};
}

impl<H: ServerHandler> ServerHandler for Watched<H> {
    plain_requests! {
        ping() -> (), Ping, "ping";
        get_task(request: GetTaskParams) -> GetTaskResult, TaskGet, "tasks/get";
        update_task(request: UpdateTaskParams) -> (), TaskUpdate, "tasks/update";
        cancel_task(request: CancelTaskParams) -> (), TaskCancel, "tasks/cancel";
    }

    plain_notifications! {
        on_progress(notification: ProgressNotificationParam), "notifications/progress";
        on_initialized(), "notifications/initialized";
        on_roots_list_changed(), "notifications/roots/list_changed";
    }

    fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<InitializeResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_initialize(request, context)
    }

    fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<DiscoverResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_discover(context)
    }

    fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        self.record_level(request, context)
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        let mut negotiated = self.handler.negotiate_initialize(request);
        negotiated.iter_mut().for_each(|info| self.declare_numbers(&mut info.capabilities));
        negotiated
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }

    fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CompleteResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_completion(request, context)
    }

    fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<GetPromptResponse, ErrorData>> + MaybeSendFuture + '_ {
        self.record_prompt(request, context)
    }

    fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListPromptsResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_prompts_list(request, context)
    }

    fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListResourcesResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_resources_list(request, context)
    }

    fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListResourceTemplatesResult, ErrorData>> + MaybeSendFuture + '_
    {
        self.record_templates_list(request, context)
    }

    fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ReadResourceResponse, ErrorData>> + MaybeSendFuture + '_ {
        self.record_read(request, context)
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        self.handler.accepted_subscription_filter(requested)
    }

    fn listen(
        &self,
        context: SubscriptionContext,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        self.record_listen(context)
    }

    fn subscribe(
        &self,
        request: SubscribeRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        let operation = Operation::new(EventType::Subscribe, "resources/subscribe");
        let recorder = self.open_uri(operation, &request.uri, &mut context);
        Recorded::new(
            recorder,
            || self.handler.subscribe(request, context),
            |reply, recorder| self.settle(reply, recorder),
        )
    }

    fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        let operation = Operation::new(EventType::Unsubscribe, "resources/unsubscribe");
        let recorder = self.open_uri(operation, &request.uri, &mut context);
        Recorded::new(
            recorder,
            || self.handler.unsubscribe(request, context),
            |reply, recorder| self.settle(reply, recorder),
        )
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + MaybeSendFuture + '_ {
        self.record_call(request, context)
    }

    fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_tools_list(request, context)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.advertised_tool(name)
    }

    fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CustomResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_custom(request, context)
    }

    fn on_cancelled(
        &self,
        notification: CancelledNotificationParam,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
        self.record_cancelled(notification, context)
    }

    fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
        self.record_custom_notice(notification, context)
    }

    fn get_info(&self) -> ServerConfig {
        let mut info = self.handler.get_info();
        self.declare_numbers(&mut info.capabilities);
        info
    }

    fn list_skills(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListSkillsResult, ErrorData>> + MaybeSendFuture + '_ {
        self.record_skills_list(request, context)
    }

    fn get_skill(
        &self,
        request: GetSkillRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<GetSkillResult, ErrorData>> + MaybeSendFuture + '_ {
        let operation = Operation::new(EventType::SkillGet, "skills/get");
        let recorder = self.open_uri(operation, &request.uri, &mut context);
        Recorded::new(
            recorder,
            || self.handler.get_skill(request, context),
            |reply, recorder| self.settle(reply, recorder),
        )
    }

    fn read_resource_directory(
        &self,
        request: ReadResourceDirectoryRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ReadResourceDirectoryResult, ErrorData>> + MaybeSendFuture + '_
    {
        let operation = Operation::new(EventType::DirectoryRead, "resources/directory/read");
        let recorder = self.open_uri(operation, &request.uri, &mut context);
        Recorded::new(
            recorder,
            || self.handler.read_resource_directory(request, context),
            |reply, recorder| self.settle(reply, recorder),
        )
    }
}
