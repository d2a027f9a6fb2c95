//! Tools of several rounds: each reply but the last asks for input (SEP-2322, protocol 2026-07-28).
#![expect(deprecated, reason = "sampling and roots are inputs that the suite asks for")]

use rmcp::handler::server::tool::{InputResponses as Responses, RequestState};
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateMessageRequest,
    CreateMessageRequestParams, ElicitRequest, ElicitRequestParams, InputRequest,
    InputRequiredResult, InputResponses, ListRootsRequest, RequestStateCodec, SamplingMessage,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use serde_json::{Value, json};
use toolwatch::watched_tool;

use super::Everything;

/// What signs the state between two rounds. A real server draws its own key.
const KEY: &[u8] = b"a key of at least thirty-two bytes";

type Reply = Result<CallToolResponse, ErrorData>;

#[tool_router(router = round_tools, vis = "pub(super)")]
impl Everything {
    /// Greet a user whose name is asked for.
    #[watched_tool]
    #[tool]
    async fn test_input_required_result_elicitation(
        &self,
        Responses(responses): Responses,
    ) -> CallToolResponse {
        let name = content(responses.as_ref(), "user_name")["name"].as_str();
        match name {
            Some(name) => done(format!("Hello, {name}!")),
            None => ask([("user_name", form("What is your name?", "name"))], None),
        }
    }

    /// Ask the model for a capital.
    #[tool]
    async fn test_input_required_result_sampling(
        &self,
        Responses(responses): Responses,
    ) -> CallToolResponse {
        match answer(responses.as_ref(), "capital_question") {
            Some(answer) => done(answer["content"].to_string()),
            None => {
                ask([("capital_question", sample("What is the capital of France?", 100))], None)
            }
        }
    }

    /// Ask for the client's roots.
    #[tool]
    async fn test_input_required_result_list_roots(
        &self,
        Responses(responses): Responses,
    ) -> CallToolResponse {
        match answer(responses.as_ref(), "client_roots") {
            Some(answer) => done(answer["roots"].to_string()),
            None => ask([("client_roots", roots())], None),
        }
    }

    /// Confirm, and carry a state.
    #[tool]
    async fn test_input_required_result_request_state(
        &self,
        RequestState(state): RequestState,
        Responses(responses): Responses,
    ) -> Reply {
        match open(state)? {
            Some(_) if answer(responses.as_ref(), "confirm").is_some() => {
                Ok(done("state-ok".to_owned()))
            }
            _ => Ok(ask([("confirm", flag("Please confirm", "ok"))], Some("confirm"))),
        }
    }

    /// Ask three things at once.
    #[tool]
    async fn test_input_required_result_multiple_inputs(
        &self,
        RequestState(state): RequestState,
        Responses(responses): Responses,
    ) -> Reply {
        let keys = ["user_name", "greeting", "client_roots"];
        let complete = keys.iter().all(|key| answer(responses.as_ref(), key).is_some());
        if open(state)?.is_some() && complete {
            return Ok(done("all three".to_owned()));
        }
        let questions =
            [form("What is your name?", "name"), sample("Generate a greeting", 50), roots()];
        Ok(ask(keys.into_iter().zip(questions), Some("three")))
    }

    /// Ask twice, one question after the other.
    #[watched_tool]
    #[tool]
    async fn test_input_required_result_multi_round(
        &self,
        RequestState(state): RequestState,
        Responses(responses): Responses,
    ) -> Reply {
        let state = open(state)?;
        let given = |key| answer(responses.as_ref(), key).is_some();
        Ok(match state.as_deref() {
            Some("two") if given("step2") => done("both steps".to_owned()),
            Some("one") if given("step1") => {
                ask([("step2", form("Step 2: What is your favorite color?", "color"))], Some("two"))
            }
            _ => ask([("step1", form("Step 1: What is your name?", "name"))], Some("one")),
        })
    }

    /// Refuse a state that somebody changed.
    #[tool]
    async fn test_input_required_result_tampered_state(
        &self,
        RequestState(state): RequestState,
    ) -> Reply {
        match open(state)? {
            Some(_) => Ok(done("untouched".to_owned())),
            None => Ok(ask([("confirm", flag("Please confirm", "ok"))], Some("sealed"))),
        }
    }

    /// Ask only what the client can answer.
    #[tool]
    async fn test_input_required_result_capabilities(
        &self,
        context: RequestContext<RoleServer>,
    ) -> CallToolResponse {
        let client = context.client_capabilities().unwrap_or_default();
        let mut questions = Vec::new();
        if client.elicitation.is_some() {
            questions.push(("user_name", form("What is your name?", "name")));
        }
        if client.sampling.is_some() {
            questions.push(("greeting", sample("Generate a greeting", 50)));
        }
        if questions.is_empty() { done("nothing to ask".to_owned()) } else { ask(questions, None) }
    }

    /// Ask the user on the stream of the call.
    #[tool]
    async fn test_streaming_elicitation(&self) -> CallToolResponse {
        ask([("user_name", form("What is your name?", "name"))], None)
    }
}

/// Asks `question` with a form that has one text field.
pub(super) fn form(question: &str, field: &str) -> InputRequest {
    field_of(question, field, "string")
}

fn flag(question: &str, field: &str) -> InputRequest {
    field_of(question, field, "boolean")
}

fn field_of(question: &str, field: &str, kind: &str) -> InputRequest {
    let schema = json!({
        "type": "object",
        "properties": { field: { "type": kind } },
        "required": [field]
    });
    InputRequest::Elicitation(ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.to_owned(),
        requested_schema: serde_json::from_value(schema).expect("a form"),
    }))
}

fn sample(question: &str, max_tokens: u32) -> InputRequest {
    let question = vec![SamplingMessage::user_text(question)];
    let params = CreateMessageRequestParams::new(question, max_tokens);
    InputRequest::CreateMessage(CreateMessageRequest::new(params))
}

fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

/// Asks the client for input, and has it bring a state back.
pub(super) fn ask(
    questions: impl IntoIterator<Item = (&'static str, InputRequest)>,
    state: Option<&str>,
) -> CallToolResponse {
    let questions = questions.into_iter().map(|(key, question)| (key.to_owned(), question));
    let state = state.map(|state| codec().seal(state.as_bytes()));
    InputRequiredResult::new(Some(questions.collect()), state).into()
}

fn done(text: String) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

fn answer<'a>(responses: Option<&'a InputResponses>, key: &str) -> Option<&'a Value> {
    responses?.get(key).filter(|answer| answer.is_object())
}

/// The fields of a form that was filled in.
pub(super) fn content<'a>(responses: Option<&'a InputResponses>, key: &str) -> &'a Value {
    answer(responses, key).map_or(&Value::Null, |answer| &answer["content"])
}

fn open(state: Option<String>) -> Result<Option<String>, ErrorData> {
    let opened = state.map(|state| codec().open(&state)).transpose();
    let opened = opened.map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
    Ok(opened.and_then(|state| String::from_utf8(state).ok()))
}

fn codec() -> RequestStateCodec {
    RequestStateCodec::try_new(KEY).expect("the key is long enough")
}
