//! Tools that answer at once, with every kind of content, with errors, and after a wait.

use std::time::Duration;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{CallToolResult, ContentBlock, ProgressNotificationParam, ResourceContents};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolwatch::{Shape, watched_tool};

use super::Everything;
use super::changes::List;
use super::schema;

/// A red PNG of one pixel, in Base64.
pub(super) const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/// A WAV file without samples, in Base64.
const SILENCE: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

#[derive(Deserialize, JsonSchema, Shape)]
struct Numbers {
    /// The first number.
    a: i64,
    /// The second number.
    b: i64,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Topic {
    /// What to look for.
    topic: String,
}

#[derive(Deserialize, JsonSchema)]
struct Wait {
    /// How long, in milliseconds.
    milliseconds: u64,
}

#[tool_router(router = content_tools, vis = "pub(super)")]
impl Everything {
    /// Add two numbers.
    #[watched_tool]
    #[tool]
    async fn add(&self, Parameters(numbers): Parameters<Numbers>) -> Json<Sum> {
        Json(Sum { sum: numbers.a.wrapping_add(numbers.b) })
    }

    /// Divide two numbers; the second must not be 0.
    #[watched_tool]
    #[tool]
    async fn divide(&self, Parameters(numbers): Parameters<Numbers>) -> Result<String, String> {
        let quotient = numbers.a.checked_div(numbers.b);
        quotient.map(|quotient| quotient.to_string()).ok_or_else(|| "division by zero".to_owned())
    }

    /// Look a topic up, which this server cannot do.
    #[watched_tool]
    #[tool]
    async fn lookup(&self, Parameters(topic): Parameters<Topic>) -> Result<String, ErrorData> {
        Err(ErrorData::internal_error(format!("nothing about {}", topic.topic), None))
    }

    /// Wait, and say so first.
    #[tool]
    async fn wait(
        &self,
        Parameters(wait): Parameters<Wait>,
        context: RequestContext<RoleServer>,
    ) -> String {
        if let Some(token) = context.meta.get_progress_token() {
            let report = ProgressNotificationParam::new(token, 0.0);
            let _ = context.peer.notify_progress(report).await;
        }
        tokio::select! {
            () = context.ct.cancelled() => "cancelled".to_owned(),
            () = tokio::time::sleep(Duration::from_millis(wait.milliseconds)) => "waited".to_owned(),
        }
    }

    /// Return a text.
    #[watched_tool]
    #[tool]
    fn test_simple_text(&self) -> String {
        "This is a simple text response for testing.".to_owned()
    }

    /// Return an image.
    #[tool]
    async fn test_image_content(&self) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::image(PIXEL, "image/png")])
    }

    /// Return a sound.
    #[tool]
    async fn test_audio_content(&self) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::audio(SILENCE, "audio/wav")])
    }

    /// Return a resource.
    #[tool]
    async fn test_embedded_resource(&self) -> CallToolResult {
        let text = "This is an embedded resource content.";
        CallToolResult::success(vec![embedded(text, "test://embedded-resource", "text/plain")])
    }

    /// Return several kinds of content.
    #[watched_tool]
    #[tool]
    async fn test_multiple_content_types(&self) -> CallToolResult {
        let json = r#"{"test":"data","value":123}"#;
        CallToolResult::success(vec![
            ContentBlock::text("Multiple content types test:"),
            ContentBlock::image(PIXEL, "image/png"),
            embedded(json, "test://mixed-content-resource", "application/json"),
        ])
    }

    /// Fail.
    #[watched_tool]
    #[tool]
    async fn test_error_handling(&self) -> Result<String, String> {
        Err("This tool intentionally returns an error for testing".to_owned())
    }

    /// Take an argument that a header repeats.
    #[tool(input_schema = schema::with_header())]
    async fn test_header_argument(&self) -> String {
        "done".to_owned()
    }

    /// Take arguments of a schema with every keyword.
    #[tool(input_schema = schema::full())]
    async fn json_schema_2020_12_tool(&self) -> String {
        "done".to_owned()
    }

    /// Say that the list of tools has changed.
    #[tool]
    async fn test_trigger_tool_change(&self, context: RequestContext<RoleServer>) -> String {
        self.changes.announce(List::Tools, &context).await;
        "told".to_owned()
    }

    /// Say that the list of prompts has changed.
    #[tool]
    async fn test_trigger_prompt_change(&self, context: RequestContext<RoleServer>) -> String {
        self.changes.announce(List::Prompts, &context).await;
        "told".to_owned()
    }
}

fn embedded(text: &str, uri: &str, mime_type: &str) -> ContentBlock {
    ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(mime_type))
}
