//! Tools that speak to the client while they run: log, progress, sampling, elicitation.
#![expect(deprecated, reason = "legacy clients log and sample, which SEP-2577 deprecates")]

use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ClientCapabilities, ContentBlock, CreateMessageRequestParams,
    ElicitRequestParams, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam,
    SamplingMessage,
};
use rmcp::service::{RequestContext, ServiceError};
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::{Shape, watched_tool};

use super::Everything;

/// Between two notifications, as the suite asks.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Deserialize, JsonSchema, Shape)]
struct Prompt {
    /// What the model is asked.
    prompt: String,
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// What the user is asked.
    message: String,
}

#[tool_router(router = dialogue_tools, vis = "pub(super)")]
impl Everything {
    /// Log three lines.
    #[tool]
    async fn test_tool_with_logging(&self, context: RequestContext<RoleServer>) -> String {
        for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
            self.log(&context, line).await;
            tokio::time::sleep(PAUSE).await;
        }
        "logged".to_owned()
    }

    /// Log one line for those who want lines.
    #[tool]
    async fn test_logging_tool(&self, context: RequestContext<RoleServer>) -> String {
        if context.meta.log_level().is_some() {
            self.log(&context, "asked for").await;
        }
        "done".to_owned()
    }

    /// Report progress.
    #[watched_tool]
    #[tool]
    async fn test_tool_with_progress(&self, context: RequestContext<RoleServer>) -> String {
        for progress in [0.0, 50.0, 100.0] {
            if let Some(token) = context.meta.get_progress_token() {
                let report = ProgressNotificationParam::new(token, progress).with_total(100.0);
                let _ = context.peer.notify_progress(report).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
        "progressed".to_owned()
    }

    /// Ask the client's model.
    #[watched_tool]
    #[tool]
    async fn test_sampling(
        &self,
        Parameters(prompt): Parameters<Prompt>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, String> {
        let question = vec![SamplingMessage::user_text(prompt.prompt)];
        let answer = context.peer.create_message(CreateMessageRequestParams::new(question, 100));
        let answer = answer.await.map_err(|error| error.to_string())?;
        let text = answer.message.content.first().and_then(|content| content.as_text());
        Ok(format!("LLM response: {}", text.map_or("", |text| text.text.as_str())))
    }

    /// Ask the client's user.
    #[tool]
    async fn test_elicitation(
        &self,
        Parameters(message): Parameters<Message>,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        let form = json!({
            "type": "object",
            "properties": {
                "username": { "type": "string", "description": "User's response" },
                "email": { "type": "string", "description": "User's email address" }
            },
            "required": ["username", "email"]
        });
        reply("User response", ask(&context, message.message, form).await)
    }

    /// Ask the client's user, with defaults.
    #[tool]
    async fn test_elicitation_sep1034_defaults(
        &self,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        let form = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "default": "John Doe" },
                "age": { "type": "integer", "default": 30 },
                "score": { "type": "number", "default": 95.5 },
                "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
                "verified": { "type": "boolean", "default": true }
            }
        });
        reply("Elicitation completed", ask(&context, "Check the form.".to_owned(), form).await)
    }

    /// Ask the client's user, with every kind of choice.
    #[tool]
    async fn test_elicitation_sep1330_enums(
        &self,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        reply("Elicitation completed", ask(&context, "Choose.".to_owned(), choices()).await)
    }

    /// Need a capability that the client may lack.
    #[tool]
    async fn test_missing_capability(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        if context.client_capabilities().is_some_and(|client| client.sampling.is_some()) {
            return Ok("the client can sample".to_owned());
        }
        let needed = ClientCapabilities::builder().enable_sampling().build();
        Err(ErrorData::missing_required_client_capability(needed))
    }

    async fn log(&self, context: &RequestContext<RoleServer>, line: &str) {
        let wanted = *self.level.lock().expect("the level");
        if wanted as u8 <= LoggingLevel::Info as u8 {
            let line = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(line));
            let _ = context.peer.notify_logging_message(line).await;
        }
    }
}

fn choices() -> Value {
    let titled =
        |words: [&str; 3]| words.map(|word| json!({ "const": word, "title": word.to_uppercase() }));
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
            "titledSingle": { "type": "string", "oneOf": titled(["value1", "value2", "value3"]) },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": ["option1", "option2", "option3"] } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled(["value1", "value2", "value3"]) } }
        }
    })
}

async fn ask(
    context: &RequestContext<RoleServer>,
    message: String,
    form: Value,
) -> Result<String, ServiceError> {
    let form = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: serde_json::from_value(form).expect("a form"),
    };
    let answer = context.peer.create_elicitation(form).await?;
    let content = answer.content.unwrap_or_default();
    let action = json!(answer.action);
    Ok(format!("action={}, content={content}", action.as_str().unwrap_or_default()))
}

fn reply(what: &str, answer: Result<String, ServiceError>) -> CallToolResult {
    match answer {
        Ok(answer) => {
            CallToolResult::success(vec![ContentBlock::text(format!("{what}: {answer}"))])
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}
