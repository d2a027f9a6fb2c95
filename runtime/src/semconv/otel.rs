//! Names of the OpenTelemetry conventions, and those that we put beside them.
//!
//! Read in: `semantic-conventions-genai` (status Development, September 2026; it has the conventions
//! for MCP since they left the core repository) and the core conventions 1.44.0 that it depends on.
//! The names of the second part are those of a guide to MCP observability that its users look for.
//! What has no name there stands under [`OWN`] and the path of the event's member
//! (`docs/spec/event.md`).

/// The conventions that spans and metrics follow.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev";

pub(crate) const METHOD_NAME: &str = "mcp.method.name";
pub(crate) const PROTOCOL_VERSION: &str = "mcp.protocol.version";
pub(crate) const SESSION_ID: &str = "mcp.session.id";
pub(crate) const RESOURCE_URI: &str = "mcp.resource.uri";
pub(crate) const TOOL_NAME: &str = "gen_ai.tool.name";
pub(crate) const PROMPT_NAME: &str = "gen_ai.prompt.name";
pub(crate) const OPERATION_NAME: &str = "gen_ai.operation.name";
pub(crate) const EXECUTE_TOOL: &str = "execute_tool";
pub(crate) const REQUEST_ID: &str = "jsonrpc.request.id";
pub(crate) const STATUS_CODE: &str = "rpc.response.status_code";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const NETWORK_TRANSPORT: &str = "network.transport";
pub(crate) const NETWORK_PROTOCOL: &str = "network.protocol.name";
pub(crate) const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";

pub(crate) const OPERATION_DURATION: &str = "mcp.server.operation.duration";
pub(crate) const SESSION_DURATION: &str = "mcp.server.session.duration";

/// Of the resource. By the API it is the application's own.
#[cfg(feature = "otlp")]
mod resource {
    pub(crate) const SERVICE_NAME: &str = "service.name";
    pub(crate) const SERVICE_VERSION: &str = "service.version";
    pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";
    pub(crate) const SDK_NAME: &str = "telemetry.sdk.name";
    pub(crate) const SDK_LANGUAGE: &str = "telemetry.sdk.language";
    pub(crate) const SDK_VERSION: &str = "telemetry.sdk.version";
}

#[cfg(feature = "otlp")]
pub(crate) use resource::*;

pub(crate) const SERVER_NAME: &str = "mcp.server.name";
pub(crate) const GUIDE_TOOL_NAME: &str = "mcp.tool.name";
/// Before `FIELD.length`, `FIELD.count`, and what is told of all arguments.
pub(crate) const TOOL_ARGS: &str = "mcp.tool.args";
pub(crate) const RESULT_COUNT: &str = "mcp.tool.result.count";
pub(crate) const RESOURCE_NAME: &str = "mcp.resource.name";
pub(crate) const CACHE_HIT: &str = "mcp.resource.cache_hit";
pub(crate) const CONTENT_LENGTH: &str = "mcp.resource.content.length";

/// Before the names that are ours alone.
pub(crate) const OWN: &str = "toolwatch";
