//! What kinds of operations there are.

use super::outcome::vocabulary;

vocabulary! {
    /// What kind of operation an event records.
    ///
    /// The first seven names are MCPWatch's (`error` is no operation here: every event tells whether
    /// it failed); the others follow their form.
    ///
    /// ```
    /// use toolwatch::event::EventType;
    /// assert_eq!(EventType::ToolCall.as_str(), "tool_call");
    /// ```
    EventType {
        /// A `tools/call` request.
        ToolCall = "tool_call",
        /// A `resources/read` request.
        ResourceRead = "resource_read",
        /// A `prompts/get` request.
        PromptGet = "prompt_get",
        /// An `initialize` request.
        Initialize = "initialize",
        /// The end of a session.
        Close = "close",
        /// A notification from the client.
        Notification = "notification",
        /// The start of a session, after a successful `initialize`.
        SessionStart = "session_start",
        /// A `server/discover` request.
        Discover = "discover",
        /// A `ping` request.
        Ping = "ping",
        /// A `tools/list` request.
        ToolsList = "tools_list",
        /// A `resources/list` request.
        ResourcesList = "resources_list",
        /// A `resources/templates/list` request.
        TemplatesList = "resource_templates_list",
        /// A `resources/subscribe` request.
        Subscribe = "resource_subscribe",
        /// A `resources/unsubscribe` request.
        Unsubscribe = "resource_unsubscribe",
        /// A `prompts/list` request.
        PromptsList = "prompts_list",
        /// A `completion/complete` request.
        Completion = "completion",
        /// A `logging/setLevel` request.
        SetLevel = "logging_set_level",
        /// A `subscriptions/listen` request, which lasts as long as the subscription.
        Listen = "subscription_listen",
        /// A `tasks/get` request.
        TaskGet = "task_get",
        /// A `tasks/update` request.
        TaskUpdate = "task_update",
        /// A `tasks/cancel` request.
        TaskCancel = "task_cancel",
        /// A `skills/list` request.
        SkillsList = "skills_list",
        /// A `skills/get` request.
        SkillGet = "skill_get",
        /// A `resources/directory/read` request.
        DirectoryRead = "resource_directory_read",
        /// A request of a method that the protocol does not define.
        CustomRequest = "custom_request",
        /// A model said that it misses a tool.
        MissingTool = "missing_tool",
        /// An event of the author's own.
        Custom = "custom",
    }
}
