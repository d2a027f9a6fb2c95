//! Reads an ending off the reply, without its text.

use rmcp::ErrorData;
use rmcp::model::CallToolResponse;

use crate::capture::failure::{self, Fault};
use crate::capture::hash::Hasher;
use crate::capture::result;
use crate::event::{ErrorKind, Failure, Outcome};
use crate::span::Ending;

pub(crate) type Reply = Result<CallToolResponse, ErrorData>;

/// The outcome of a reply, its shape, and what is known of its failure.
pub(crate) fn of_reply(reply: &Reply, fault: Option<&Fault>, hasher: &Hasher) -> (Outcome, Ending) {
    let outcome = outcome(reply);
    let failure = kind(outcome, fault).map(|kind| describe(kind, code(reply), fault, hasher));
    (outcome, Ending { result: reply.as_ref().ok().map(result::measure), failure })
}

/// What the client of a call that must not run is told.
pub(crate) fn refused() -> ErrorData {
    ErrorData::internal_error("the call cannot be recorded, and is refused", None)
}

pub(crate) fn outcome(reply: &Reply) -> Outcome {
    match reply {
        Err(_) => Outcome::ProtocolError,
        Ok(CallToolResponse::InputRequired(_)) => Outcome::InputRequired,
        Ok(CallToolResponse::Task(_)) => Outcome::Task,
        Ok(CallToolResponse::Complete(result)) if result.is_error == Some(true) => {
            Outcome::ToolError
        }
        Ok(_) => Outcome::Ok,
    }
}

fn kind(outcome: Outcome, fault: Option<&Fault>) -> Option<ErrorKind> {
    match outcome {
        Outcome::ProtocolError => Some(ErrorKind::Protocol),
        Outcome::ToolError if fault.is_some() => Some(ErrorKind::Returned),
        Outcome::ToolError => Some(ErrorKind::Flagged),
        _ => None,
    }
}

fn code(reply: &Reply) -> Option<i32> {
    reply.as_ref().err().map(|error| error.code.0)
}

/// What is known of a failure, with its local fingerprint.
pub(crate) fn describe(
    kind: ErrorKind,
    code: Option<i32>,
    fault: Option<&Fault>,
    hasher: &Hasher,
) -> Failure {
    Failure {
        kind,
        code,
        type_name: fault.map(|fault| fault.type_name),
        chain_len: fault.map_or(0, |fault| fault.chain_len),
        fingerprint: Some(failure::fingerprint(kind, code, fault, hasher)),
        side: fault.and_then(|fault| fault.side),
    }
}

/// What rmcp's answer to arguments that do not deserialise begins with.
pub(crate) const REFUSED: &str = "failed to deserialize parameters:";

/// The shape of a wrapped tool's reply, and what is known of its failure, when the outcome is known.
/// `hash` lends the tool's hasher, which only a failure needs.
pub(crate) fn of_wrapped(
    reply: &Reply,
    outcome: Outcome,
    hash: impl FnOnce(&dyn Fn(&Hasher) -> Failure) -> Failure,
) -> Ending {
    let kind = match outcome {
        Outcome::UnknownTool | Outcome::DisabledTool => Some(ErrorKind::Tool),
        Outcome::InvalidArguments => Some(ErrorKind::Arguments),
        outcome => kind(outcome, None),
    };
    let failure = kind.map(|kind| hash(&|hasher| describe(kind, code(reply), None, hasher)));
    Ending { result: reply.as_ref().ok().map(result::measure), failure }
}

/// The outcome and the kind of a failed extractor.
///
/// rmcp marks arguments that do not deserialise by the start of the message, and turns the error
/// into a result with the error flag (`router/tool.rs`, `into_tool_argument_error`).
pub(crate) fn of_extractor(error: &ErrorData) -> (Outcome, ErrorKind) {
    if error.code == rmcp::model::ErrorCode::INVALID_PARAMS && error.message.starts_with(REFUSED) {
        (Outcome::InvalidArguments, ErrorKind::Arguments)
    } else {
        (Outcome::ProtocolError, ErrorKind::Extractor)
    }
}
