//! The prompts.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, InputRequests,
    InputRequiredResult, PromptMessage, ResourceContents, Role,
};
use rmcp::{prompt, prompt_router};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Everything;
use super::content::PIXEL;
use super::rounds;

#[derive(Deserialize, JsonSchema)]
struct Two {
    /// First test argument
    arg1: String,
    /// Second test argument
    arg2: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// URI of the resource to embed
    resource_uri: String,
}

#[prompt_router(router = "prompts", vis = "pub(super)")]
impl Everything {
    /// A prompt without arguments.
    #[prompt]
    async fn test_simple_prompt(&self) -> Vec<PromptMessage> {
        vec![user("This is a simple prompt for testing.")]
    }

    /// A prompt with two arguments.
    #[prompt]
    async fn test_prompt_with_arguments(
        &self,
        Parameters(two): Parameters<Two>,
    ) -> Vec<PromptMessage> {
        vec![user(&format!("Prompt with arguments: arg1='{}', arg2='{}'", two.arg1, two.arg2))]
    }

    /// A prompt with a resource.
    #[prompt]
    async fn test_prompt_with_embedded_resource(
        &self,
        Parameters(embedded): Parameters<Embedded>,
    ) -> Vec<PromptMessage> {
        let text = "Embedded resource content for testing.";
        let resource =
            ResourceContents::text(text, embedded.resource_uri).with_mime_type("text/plain");
        vec![
            PromptMessage::new(Role::User, ContentBlock::resource(resource)),
            user("Please process the embedded resource above."),
        ]
    }

    /// A prompt with an image.
    #[prompt]
    async fn test_prompt_with_image(&self) -> Vec<PromptMessage> {
        vec![
            PromptMessage::new(Role::User, ContentBlock::image(PIXEL, "image/png")),
            user("Please analyze the image above."),
        ]
    }

    /// A prompt that asks for input first.
    #[prompt]
    async fn test_input_required_result_prompt(&self) -> InputRequiredResult {
        let question = rounds::form("What context should the prompt use?", "context");
        InputRequiredResult::from_input_requests(InputRequests::from([(
            "user_context".to_owned(),
            question,
        )]))
    }
}

/// The second round of the prompt that asks; rmcp's prompt router does not hand responses on.
pub(super) fn answered(request: &GetPromptRequestParams) -> Option<GetPromptResponse> {
    let responses = request.input_responses.as_ref();
    let context = rounds::content(responses, "user_context")["context"].as_str()?;
    (request.name == "test_input_required_result_prompt")
        .then(|| GetPromptResult::new(vec![user(&format!("Use this context: {context}"))]).into())
}

fn user(text: &str) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}
