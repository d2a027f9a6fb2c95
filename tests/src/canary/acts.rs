//! Every way in which a tool can end, with needles in all that it says.

use std::error::Error;
use std::fmt;

use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::{IntoCallToolResult, ToolCallContext};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult, InputRequiredResult,
    JsonObject, Resource, Task, TaskStatus,
};
use rmcp::{ErrorData, Peer, RoleServer};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What a tool does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Act {
    /// Returns text.
    #[default]
    Text,
    /// Returns one block of every kind.
    Blocks,
    /// Returns structured content.
    Structured,
    /// Returns a result with the error flag.
    Flagged,
    /// Returns an error with a chain of sources.
    Refusal,
    /// Returns an error that wraps a `Box<dyn Error>`.
    Boxed,
    /// Returns a text as the error.
    TextError,
    /// Returns an error that cannot be printed.
    Silent,
    /// Returns a JSON-RPC error.
    Protocol,
    /// Has an extractor that cannot read the arguments, and says so with all of them.
    BadArguments,
    /// Has an extractor that fails for a reason of its own.
    BadExtractor,
    /// Panics with a `String`.
    PanicString,
    /// Panics with a `&'static str`.
    PanicStr,
    /// Panics with a value of another type.
    PanicAny,
    /// Waits until it is cancelled.
    Cancelled,
    /// Waits until a time limit around the handler drops it.
    Dropped,
    /// Asks for input.
    InputRequired,
    /// Hands out a task.
    Task,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Blocks,
        Self::Structured,
        Self::Flagged,
        Self::Refusal,
        Self::Boxed,
        Self::TextError,
        Self::Silent,
        Self::Protocol,
        Self::BadArguments,
        Self::BadExtractor,
        Self::PanicString,
        Self::PanicStr,
        Self::PanicAny,
        Self::Cancelled,
        Self::Dropped,
        Self::InputRequired,
        Self::Task,
    ];

    /// Whether the client gets an answer.
    pub const fn is_answered(self) -> bool {
        use Act::{Cancelled, PanicAny, PanicStr, PanicString};
        !matches!(self, PanicString | PanicStr | PanicAny | Cancelled)
    }
}

/// The texts that a tool says, all of them needles.
#[derive(Clone, Debug, Default)]
pub struct Words(pub [String; 5]);

impl Words {
    fn document(&self) -> Value {
        let [a, b, c, d, e] = &self.0;
        json!({ "answer": a, b.as_str(): [c, { "deep": d }], "list": [e, e] })
    }
}

/// An author's error, printed and chained in full.
#[derive(Clone, Debug)]
pub struct Refusal {
    words: Box<Words>,
    source: Option<Box<Refusal>>,
}

impl Refusal {
    /// An error with more sources than anything counts.
    pub fn new(words: &Words) -> Self {
        let link = |source| Self { words: Box::new(words.clone()), source };
        (0..14).fold(link(None), |source, _| link(Some(Box::new(source))))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no order for {:?}: {}", self.words.0[0], self.words.0[1])
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &dyn Error)
    }
}

/// A type-erased error.
#[derive(Debug)]
struct Erased(Box<dyn Error + Send + Sync>);

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An error without `Debug` and `Display`.
struct Silent(String);

macro_rules! replies_with_text {
    ($($error:ty: $text:expr),* $(,)?) => {$(
        impl IntoCallToolResult for $error {
            fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
                let text: fn(Self) -> String = $text;
                Ok(CallToolResult::error(vec![ContentBlock::text(text(self))]).into())
            }
        }
    )*};
}

replies_with_text! {
    Refusal: |it| format!("{it} {it:?}"),
    Erased: |it| it.to_string(),
    Silent: |it| it.0,
}

/// Reads anything and complains about all of it, as serde's own messages do.
#[derive(schemars::JsonSchema)]
pub struct Picky;

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Err(serde::de::Error::custom(format!("invalid value: {value}, expected nothing")))
    }
}

/// An extractor that fails with all that it sees.
pub struct Broken;

impl<S> FromContextPart<ToolCallContext<'_, S>> for Broken {
    fn from_context_part(context: &mut ToolCallContext<'_, S>) -> Result<Self, ErrorData> {
        let data = json!({ "arguments": context.arguments, "name": context.name });
        Err(ErrorData::internal_error(format!("broken by {data}"), Some(data)))
    }
}

macro_rules! reply {
    ($call:expr) => {{
        use toolwatch::__private::FaultProbe as _;
        let call = $call;
        let fault = (&&&toolwatch::__private::FaultOf(call.output())).fault();
        call.reply(fault, IntoCallToolResult::into_call_tool_result)
    }};
}

/// Goes the way of a rewritten handler, as `#[watched_tool]` writes it.
///
/// # Errors
///
/// What the act ends with, when that is a JSON-RPC error.
pub async fn perform<S>(
    mut call: toolwatch::__private::Opened<'_, S>,
    act: Act,
    words: Words,
) -> Result<CallToolResponse, ErrorData> {
    let cancelled: CancellationToken = call.part(CancellationToken::from_context_part)?;
    call.part(Peer::<RoleServer>::from_context_part)?;
    match act {
        Act::BadArguments => {
            call.part(Parameters::<Picky>::from_context_part)?;
        }
        Act::BadExtractor => {
            call.part(Broken::from_context_part)?;
        }
        _ => {
            call.part(JsonObject::from_context_part)?;
        }
    }
    let call = call.start();
    let text = words.0[0].clone();
    match act {
        Act::Refusal => reply!(call.run(async { Err::<String, _>(Refusal::new(&words)) }).await),
        Act::Boxed => {
            let boxed: Box<dyn Error + Send + Sync> = Box::new(Refusal::new(&words));
            reply!(call.run(async { Err::<String, _>(Erased(boxed)) }).await)
        }
        Act::TextError => reply!(call.run_sync(|| Err::<(), String>(text))),
        Act::Silent => reply!(call.run_sync(|| Err::<(), _>(Silent(text)))),
        Act::Protocol => reply!(call.run(async { Err::<String, _>(protocol_error(&words)) }).await),
        Act::PanicString | Act::PanicStr | Act::PanicAny => {
            reply!(call.run(panic(act, text)).await)
        }
        Act::Cancelled => {
            let body = async {
                cancelled.cancelled().await;
                text
            };
            reply!(call.run(body).await)
        }
        Act::Dropped => reply!(call.run(std::future::pending::<String>()).await),
        Act::InputRequired => {
            reply!(call.run_sync(|| InputRequiredResult::from_request_state(text)))
        }
        Act::Text => reply!(call.run(async { text }).await),
        _ => reply!(call.run(async { result(act, &words) }).await),
    }
}

#[expect(clippy::panic, reason = "this tool panics for a living")]
async fn panic(act: Act, text: String) -> String {
    tokio::task::yield_now().await;
    match act {
        Act::PanicString => panic!("cannot go on: {text}"),
        Act::PanicStr => std::panic::panic_any::<&'static str>(text.leak()),
        _ => std::panic::panic_any(vec![text]),
    }
}

fn protocol_error(words: &Words) -> ErrorData {
    ErrorData::invalid_params(format!("rejected {}", words.0[0]), Some(words.document()))
}

/// The results that are no errors of Rust.
fn result(act: Act, words: &Words) -> CallToolResponse {
    let [a, b, c, d, e] = words.0.clone();
    match act {
        Act::Structured => CallToolResult::structured(words.document()).into(),
        Act::Flagged => {
            let mut result = CallToolResult::structured_error(words.document());
            result.content.push(ContentBlock::text(a));
            result.into()
        }
        Act::Task => {
            let now = "2026-01-01T00:00:00Z".to_owned();
            CreateTaskResult::new(Task::new(a, TaskStatus::Working, now.clone(), now)).into()
        }
        _ => CallToolResult::success(vec![
            ContentBlock::text(a),
            ContentBlock::image(b.clone(), "image/png"),
            ContentBlock::audio(c.clone(), b),
            ContentBlock::embedded_text(d.clone(), c),
            ContentBlock::resource_link(Resource::new(format!("file:///{d}"), e)),
        ])
        .into(),
    }
}
