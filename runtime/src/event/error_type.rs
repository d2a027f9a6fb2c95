//! `error.type` by the OpenTelemetry conventions for MCP.

use super::Outcome;

/// JSON-RPC codes by which a server refuses what cannot be served: no errors of the server by the
/// conventions, which then want the code alone and no `error.type`.
const NOT_OF_SERVER: [i32; 5] = [-32700, -32600, -32601, -32602, -32002];

impl Outcome {
    /// `error.type` of the OpenTelemetry conventions for MCP; `None` for what is no error of the
    /// server: successes, and requests refused with -32700, -32600, -32601, -32602 or -32002.
    ///
    /// The code of another error is told as a number when it is one of JSON-RPC's or MCP's, else
    /// as `_OTHER`, so that no server makes values without end.
    ///
    /// ```
    /// use toolwatch::event::Outcome;
    /// assert_eq!(Outcome::ToolError.error_type(None), Some("tool_error"));
    /// assert_eq!(Outcome::ProtocolError.error_type(Some(-32603)), Some("-32603"));
    /// assert_eq!(Outcome::ProtocolError.error_type(Some(-32602)), None);
    /// ```
    #[must_use]
    pub fn error_type(self, code: Option<i32>) -> Option<&'static str> {
        match self {
            Self::Ok | Self::InputRequired | Self::Task => None,
            Self::UnknownTool | Self::DisabledTool | Self::ProtocolError => match code {
                Some(code) if NOT_OF_SERVER.contains(&code) => None,
                None if self != Self::ProtocolError => None,
                Some(-32603) => Some("-32603"),
                Some(-32000) => Some("-32000"),
                Some(-32020) => Some("-32020"),
                Some(-32021) => Some("-32021"),
                Some(-32022) => Some("-32022"),
                _ => Some("_OTHER"),
            },
            // A result with the error flag, whoever is at fault.
            Self::ToolError | Self::InvalidArguments => Some("tool_error"),
            Self::Panic => Some("panic"),
            Self::Cancelled => Some("cancelled"),
            Self::Dropped => Some("dropped"),
            Self::Interrupted => Some("interrupted"),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Each outcome, and the codes that decide.

    use super::*;

    #[test]
    fn each_outcome_has_its_error_type() {
        for (outcome, code, expected) in [
            (Outcome::Ok, None, None),
            (Outcome::InputRequired, None, None),
            (Outcome::Task, None, None),
            (Outcome::ToolError, None, Some("tool_error")),
            (Outcome::InvalidArguments, None, Some("tool_error")),
            (Outcome::UnknownTool, Some(-32602), None),
            (Outcome::DisabledTool, None, None),
            (Outcome::ProtocolError, Some(-32002), None),
            (Outcome::ProtocolError, Some(-32603), Some("-32603")),
            (Outcome::ProtocolError, Some(-32042), Some("_OTHER")),
            (Outcome::ProtocolError, Some(17), Some("_OTHER")),
            (Outcome::ProtocolError, None, Some("_OTHER")),
            (Outcome::Panic, None, Some("panic")),
            (Outcome::Cancelled, None, Some("cancelled")),
            (Outcome::Dropped, None, Some("dropped")),
            (Outcome::Interrupted, None, Some("interrupted")),
        ] {
            assert_eq!(outcome.error_type(code), expected, "{outcome:?} {code:?}");
        }
    }
}
