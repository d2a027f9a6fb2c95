//! Whose fault an error is when nobody says so: what the protocol tells.

use super::{Outcome, Side};

/// JSON-RPC codes of requests that cannot be served as they are: those of JSON-RPC 2.0 but for the
/// internal error, and MCP's (`ErrorCode` in rmcp): resource not found, header mismatch, missing
/// client capability, unsupported protocol version.
const CALLERS_CODES: [i32; 8] = [-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022];

impl Side {
    /// The side that is at fault by the protocol; `None` for what is no failure, and for calls that
    /// ended because nobody waited any more.
    pub(crate) fn of(outcome: Outcome, code: Option<i32>) -> Option<Self> {
        match outcome {
            Outcome::Ok | Outcome::InputRequired | Outcome::Task => None,
            Outcome::Cancelled | Outcome::Dropped => None,
            Outcome::InvalidArguments | Outcome::UnknownTool | Outcome::DisabledTool => {
                Some(Self::Caller)
            }
            Outcome::ProtocolError if code.is_some_and(|code| CALLERS_CODES.contains(&code)) => {
                Some(Self::Caller)
            }
            Outcome::ProtocolError | Outcome::ToolError => Some(Self::Execution),
            Outcome::Panic | Outcome::Interrupted => Some(Self::Execution),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Each outcome, and the codes that decide.

    use super::*;

    #[test]
    fn the_protocol_tells_whose_fault_an_error_is() {
        for (outcome, code, side) in [
            (Outcome::Ok, None, None),
            (Outcome::Task, None, None),
            (Outcome::InputRequired, None, None),
            (Outcome::Cancelled, Some(-32602), None),
            (Outcome::Dropped, None, None),
            (Outcome::InvalidArguments, None, Some(Side::Caller)),
            (Outcome::UnknownTool, Some(-32602), Some(Side::Caller)),
            (Outcome::DisabledTool, None, Some(Side::Caller)),
            (Outcome::ToolError, None, Some(Side::Execution)),
            (Outcome::Panic, None, Some(Side::Execution)),
            (Outcome::Interrupted, None, Some(Side::Execution)),
            (Outcome::ProtocolError, None, Some(Side::Execution)),
            (Outcome::ProtocolError, Some(-32603), Some(Side::Execution)),
            (Outcome::ProtocolError, Some(-32000), Some(Side::Execution)),
        ] {
            assert_eq!(Side::of(outcome, code), side, "{outcome:?} {code:?}");
        }
        for code in CALLERS_CODES {
            assert_eq!(Side::of(Outcome::ProtocolError, Some(code)), Some(Side::Caller));
        }
    }
}
