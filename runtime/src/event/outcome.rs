//! The closed vocabularies of an event: how it ended, and what tells callers apart.

macro_rules! vocabulary {
    ($(#[$attr:meta])* $name:ident { $( $(#[$variant_attr:meta])* $variant:ident = $text:literal, )* }) => {
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$variant_attr])* $variant, )* }

        impl $name {
            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }

            /// The member with this name on the wire.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $( $text => Some(Self::$variant), )* _ => None }
            }
        }
    };
}

vocabulary! {
    /// How a call ended. Every call has exactly one outcome.
    ///
    /// ```
    /// use toolwatch::event::Outcome;
    /// assert!(Outcome::ToolError.is_error() && !Outcome::InputRequired.is_error());
    /// ```
    Outcome {
        /// A result without the error flag.
        Ok = "ok",
        /// A result with the error flag (`isError`).
        ToolError = "tool_error",
        /// The arguments did not fit the parameters, and the tool's body never ran.
        InvalidArguments = "invalid_arguments",
        /// A JSON-RPC error.
        ProtocolError = "protocol_error",
        /// The handler panicked; the client never gets a reply.
        Panic = "panic",
        /// The client had cancelled the request by the time that the handler ended.
        Cancelled = "cancelled",
        /// The handler's future was dropped before it ended, as on a lost connection.
        Dropped = "dropped",
        /// The tool asked the client for more input (multi-round-trip requests).
        InputRequired = "input_required",
        /// The tool handed out a task that goes on after the call.
        Task = "task",
        /// There is no tool of that name.
        UnknownTool = "unknown_tool",
        /// The tool is there and switched off.
        DisabledTool = "disabled_tool",
        /// The process died during the call; told on the next start.
        Interrupted = "interrupted",
    }
}

impl Outcome {
    /// Whether the call failed.
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::Ok | Self::InputRequired | Self::Task)
    }
}

vocabulary! {
    /// The closed kinds of failures.
    ///
    /// ```
    /// use toolwatch::event::ErrorKind;
    /// assert_eq!(ErrorKind::parse("panic"), Some(ErrorKind::Panic));
    /// ```
    ErrorKind {
        /// The tool returned an error of its own type.
        Returned = "returned",
        /// The tool returned a result with the error flag.
        Flagged = "flagged",
        /// The arguments did not deserialise.
        Arguments = "arguments",
        /// An extractor other than the arguments failed.
        Extractor = "extractor",
        /// A JSON-RPC error was returned.
        Protocol = "protocol",
        /// A panic.
        Panic = "panic",
        /// A cancelled request.
        Cancelled = "cancelled",
        /// A dropped future.
        Dropped = "dropped",
        /// A tool that is not there, or is switched off.
        Tool = "tool",
        /// A process that died during the call.
        Interrupted = "interrupted",
    }
}

vocabulary! {
    /// The JSON type of a value.
    ///
    /// ```
    /// use toolwatch::event::JsonKind;
    /// assert_eq!(JsonKind::of(&serde_json::json!([1])), JsonKind::Array);
    /// ```
    JsonKind {
        /// `null`.
        Null = "null",
        /// `true` or `false`.
        Boolean = "boolean",
        /// A number without a fraction.
        Integer = "integer",
        /// A number with a fraction.
        Number = "number",
        /// A string.
        String = "string",
        /// An array.
        Array = "array",
        /// An object.
        Object = "object",
    }
}

impl JsonKind {
    /// The kind of a value.
    #[must_use]
    pub fn of(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

vocabulary! {
    /// How the request came in (MCPWatch's `transport_type`).
    ///
    /// ```
    /// use toolwatch::event::Transport;
    /// assert_eq!(Transport::StreamableHttp.as_str(), "streamable-http");
    /// ```
    #[derive(Default)]
    Transport {
        /// Standard input and output.
        Stdio = "stdio",
        /// HTTP with server-sent events, the transport of 2024-11-05.
        Sse = "sse",
        /// Streamable HTTP.
        StreamableHttp = "streamable-http",
        /// A web socket.
        Websocket = "websocket",
        /// Within one process.
        InProcess = "in-process",
        /// Not told by the request.
        #[default]
        Unknown = "unknown",
    }
}

vocabulary! {
    /// Which HTTP a request came by.
    ///
    /// ```
    /// use toolwatch::event::HttpVersion;
    /// assert_eq!(HttpVersion::Http2.as_str(), "2");
    /// ```
    HttpVersion {
        /// HTTP/1.0.
        Http10 = "1.0",
        /// HTTP/1.1.
        Http11 = "1.1",
        /// HTTP/2.
        Http2 = "2",
        /// HTTP/3.
        Http3 = "3",
    }
}

vocabulary! {
    /// What a session key was made from.
    ///
    /// ```
    /// use toolwatch::event::SessionSource;
    /// assert_eq!(SessionSource::Process.as_str(), "process");
    /// ```
    SessionSource {
        /// The `mcp-session-id` header of streamable HTTP.
        HttpHeader = "http_header",
        /// The life of a stdio server: one connection.
        Process = "process",
        /// The trace that the request belongs to.
        Trace = "trace",
        /// The author's own resolver.
        Resolver = "resolver",
        /// The identified caller and its client, within a gap of time.
        Caller = "caller",
    }
}

vocabulary! {
    /// How sure it is that the events of one session key are one session.
    ///
    /// ```
    /// use toolwatch::event::Confidence;
    /// assert!(Confidence::High > Confidence::Low);
    /// ```
    #[derive(PartialOrd, Ord)]
    Confidence {
        /// A guess from who calls and when.
        Low = "low",
        /// One trace, which may be a part of a session.
        Medium = "medium",
        /// The transport or the author says so.
        High = "high",
    }
}

vocabulary! {
    /// Whose fault an error is.
    ///
    /// ```
    /// use toolwatch::event::Side;
    /// assert_eq!(Side::Caller.as_str(), "caller");
    /// ```
    Side {
        /// The model or its client asked for what cannot be.
        Caller = "caller",
        /// The server, or something that it depends on, failed.
        Execution = "execution",
    }
}

pub(super) use vocabulary;
