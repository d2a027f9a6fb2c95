//! What the wrapper around a server sees.

use rmcp::ErrorData;
use rmcp::model::RequestId;
use serde::Serialize;

use super::{Leak, first_text, keep};
use crate::capture::context::RequestInfo;
use crate::semconv::SESSION_HEADER;

/// Sees a text that this leak alone is about.
pub(crate) fn see(leak: Leak, text: &str) {
    keep(|planted| (planted == leak).then(|| text.to_owned()));
}

/// Sees who asks, and with what around it.
pub(crate) fn see_request(request: &RequestInfo<'_>, id: Option<&RequestId>) {
    let header = |name| {
        let value = request.headers()?.get(name)?.to_str().ok()?;
        Some(value.trim_start_matches("Bearer ").to_owned())
    };
    keep(|leak| match leak {
        Leak::RequestId => match id? {
            RequestId::String(text) => Some(text.to_string()),
            RequestId::Number(_) => None,
        },
        // Members of the protocol and of the suite have a prefix.
        Leak::MetaKey => request.meta().keys().find(|key| !is_known(key)).cloned(),
        Leak::TraceState => request.meta().get("tracestate")?.as_str().map(str::to_owned),
        Leak::Authorization => header("authorization"),
        Leak::Cookie => header("cookie"),
        Leak::SessionHeader => header(SESSION_HEADER),
        _ => None,
    });
}

fn is_known(key: &str) -> bool {
    let tracing = ["traceparent", "tracestate", "baggage", "progressToken"];
    let prefixes = ["canary/", "io.modelcontextprotocol/"];
    tracing.contains(&key) || prefixes.iter().any(|prefix| key.starts_with(prefix))
}

/// Sees the parameters of a request or a notification.
pub(crate) fn see_params(method: &str, params: &impl Serialize) {
    keep(|leak| {
        let (of, place) = in_params(leak)?;
        read(method, of, place, params)
    });
}

/// Sees the reply to a request.
pub(crate) fn see_result(method: &str, reply: &Result<impl Serialize, ErrorData>) {
    if let Ok(answer) = reply {
        see_answer(method, answer);
    }
}

/// Sees a reply that is no error.
pub(crate) fn see_answer(method: &str, answer: &impl Serialize) {
    keep(|leak| {
        let (of, place) = in_result(leak)?;
        read(method, of, place, answer)
    });
}

fn read(method: &str, of: &str, place: &str, message: &impl Serialize) -> Option<String> {
    if !of.is_empty() && of != method {
        return None;
    }
    first_text(serde_json::to_value(message).ok()?.pointer(place)?)
}

/// The method, when it matters, and the place in its parameters.
fn in_params(leak: Leak) -> Option<(&'static str, &'static str)> {
    Some(match leak {
        Leak::Uri => ("", "/uri"),
        Leak::Subscription => ("subscriptions/listen", "/resourceSubscriptions"),
        Leak::ToolName => ("tools/call", "/name"),
        Leak::ToolArgument => ("tools/call", "/arguments"),
        // A word: the record of a call that is under way has a bound of 4 KiB.
        Leak::BeginRecord | Leak::WatchedDebug | Leak::Manifest | Leak::PrometheusText => {
            ("tools/call", "/arguments/tags/1")
        }
        Leak::AgentCat | Leak::McpWatch | Leak::StructuredLog | Leak::Metrics => {
            ("tools/call", "/arguments/tags/1")
        }
        Leak::RequestState => ("", "/requestState"),
        Leak::InputResponse => ("", "/inputResponses"),
        Leak::PromptName => ("prompts/get", "/name"),
        Leak::PromptArgument => ("prompts/get", "/arguments"),
        Leak::CompletionArgument => ("", "/argument/name"),
        Leak::CompletionValue => ("", "/argument/value"),
        Leak::CompletionContext => ("", "/context/arguments"),
        Leak::CustomMethod => ("_other", "/method"),
        Leak::CustomParams => ("_other", "/params"),
        Leak::NoticeMethod => ("_notice", "/method"),
        Leak::NoticeParams => ("_notice", "/params"),
        Leak::CancelReason => ("", "/reason"),
        Leak::ProgressMessage => ("notifications/progress", "/message"),
        Leak::ProgressToken => ("notifications/progress", "/progressToken"),
        Leak::Cursor => ("", "/cursor"),
        Leak::TaskId => ("", "/taskId"),
        Leak::ClientName => ("initialize", "/clientInfo/name"),
        Leak::ClientTitle => ("initialize", "/clientInfo/title"),
        Leak::ClientCapability => ("initialize", "/capabilities/experimental"),
        _ => return None,
    })
}

/// The method, when it matters, and the place in its result.
fn in_result(leak: Leak) -> Option<(&'static str, &'static str)> {
    Some(match leak {
        Leak::ResourceContent => ("resources/read", "/contents/0/text"),
        Leak::PromptMessage => ("prompts/get", "/messages/0/content/text"),
        Leak::CompletionOffer => ("completion/complete", "/completion/values"),
        Leak::ListedText => ("resources/list", "/resources/0/description"),
        Leak::TaskMessage => ("tasks/get", "/statusMessage"),
        Leak::CustomResult => ("_other", "/answer"),
        _ => return None,
    })
}
