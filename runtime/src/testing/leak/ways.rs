//! The ways in which user data could leave.

macro_rules! leaks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One way in which user data could leave.
        ///
        /// ```
        /// use toolwatch::testing::leak::Leak;
        /// assert!(Leak::ALL.len() >= 12);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Leak { $($(#[$doc])* $name,)* }

        impl Leak {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

leaks! {
    /// An argument's value in a member of the event.
    Value,
    /// The same in hex.
    ValueHex,
    /// The same in base64.
    ValueBase64,
    /// The same as `Debug` prints bytes.
    ValueBytes,
    /// The same with its UTF-16 units escaped.
    ValueEscaped,
    /// A plain hash of a value.
    ValueHash,
    /// A number.
    Number,
    /// A plain hash of all arguments, as `sha256(args)[:16]`.
    ArgumentsHash,
    /// The name of a key that no schema declares.
    Key,
    /// The same, reversed.
    KeyReversed,
    /// The message of the schema validator.
    SchemaMessage,
    /// The message of a failed extractor.
    ExtractorMessage,
    /// The text of an error result.
    ErrorText,
    /// The data of a JSON-RPC error.
    ErrorData,
    /// The text of a result.
    ResultText,
    /// The payload of a panic.
    PanicPayload,
    /// A member of `_meta`.
    Meta,
    /// The intent, whatever its level.
    Intent,
    /// A value in a line of `tracing`.
    LogLine,
    /// A value in a line on stderr.
    StderrLine,
    /// A value in `Debug` of the watch.
    WatchDebug,
    /// A value in a header of the ingest request.
    Header,
    /// A value in an attribute of a span sent over OTLP.
    SpanAttribute,
    /// A value in an attribute of a metric sent over OTLP.
    DataPointAttribute,
    /// A value in the metadata of a call over gRPC.
    GrpcMetadata,
    /// A value in an attribute of a span on the application's own provider.
    OtelAttribute,
    /// A value in an attribute of a metric on the application's own provider.
    OtelPoint,
    /// A value in the name of a file of the spool.
    FileName,
    /// The install key in a member of the event.
    InstallKey,
    /// The URI of a resource.
    Uri,
    /// A URI that a client listens to.
    Subscription,
    /// The name of a tool that nobody has.
    ToolName,
    /// An argument of a tool, as the wrapper sees it.
    ToolArgument,
    /// The intent, whatever its level, as the wrapper sees it.
    WrappedIntent,
    /// The state that a request carries on.
    RequestState,
    /// What a request answers to a question.
    InputResponse,
    /// The name of a prompt.
    PromptName,
    /// An argument of a prompt.
    PromptArgument,
    /// The argument that is to be completed.
    CompletionArgument,
    /// What is to be completed.
    CompletionValue,
    /// What a completion knows already.
    CompletionContext,
    /// The name of a custom request.
    CustomMethod,
    /// The parameters of a custom request.
    CustomParams,
    /// The name of a custom notification.
    NoticeMethod,
    /// The parameters of a custom notification.
    NoticeParams,
    /// The reason of a cancellation.
    CancelReason,
    /// The message of a progress notification.
    ProgressMessage,
    /// The token of a progress notification.
    ProgressToken,
    /// The cursor of a list.
    Cursor,
    /// The id of a task.
    TaskId,
    /// What a client calls itself, as it is.
    ClientName,
    /// The title of a client.
    ClientTitle,
    /// A capability of a client.
    ClientCapability,
    /// The id of a request.
    RequestId,
    /// A key of `_meta`.
    MetaKey,
    /// The state of a trace in `_meta`.
    TraceState,
    /// The header `authorization`.
    Authorization,
    /// The header `cookie`.
    Cookie,
    /// The header that names the session.
    SessionHeader,
    /// What the identity hook says.
    Identity,
    /// What the session resolver says.
    SessionText,
    /// What a resource holds.
    ResourceContent,
    /// What a prompt says.
    PromptMessage,
    /// What a completion offers.
    CompletionOffer,
    /// The description of a listed item.
    ListedText,
    /// The status of a task.
    TaskMessage,
    /// The result of a custom request.
    CustomResult,
    /// The message of the error of an operation.
    OperationMessage,
    /// Its data.
    OperationData,
    /// The payload of the panic of an operation.
    OperationPanic,
    /// An argument in the record of a call that is under way.
    BeginRecord,
    /// An argument in `Debug` of a wrapped server.
    WatchedDebug,
    /// An argument in the manifest.
    Manifest,
    /// An argument in a line of the structured log.
    StructuredLog,
    /// An argument in the numbers of a tool.
    Metrics,
    /// An argument in the metrics for Prometheus.
    PrometheusText,
    /// An argument in what AgentCat is sent.
    AgentCat,
    /// An argument in what MCPWatch is sent.
    McpWatch,
}
