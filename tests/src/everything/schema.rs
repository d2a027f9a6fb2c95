//! Tools whose schemas no Rust type describes, and one that joins the router at run time.

use std::sync::Arc;

use rmcp::handler::server::router::tool::ToolRoute;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use serde_json::{Value, json};

use super::Everything;

/// The schema that the suite wants back word for word (SEP-1613, SEP-2106).
pub(super) fn full() -> Arc<JsonObject> {
    object(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    }))
}

/// A schema with an argument that a header of the request repeats (SEP-2243).
pub(super) fn with_header() -> Arc<JsonObject> {
    object(json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "query": { "type": "string" }
        },
        "required": ["region", "query"]
    }))
}

/// A tool that only the router knows: no method, no type, no attribute.
pub(super) fn dynamic_tool() -> ToolRoute<Everything> {
    let schema = object(json!({
        "type": "object",
        "properties": { "word": { "type": "string" }, "times": { "type": "integer" } },
        "required": ["word"]
    }));
    let tool = Tool::new("repeat", "Repeat a word.", schema);
    ToolRoute::new_dyn(tool, |context| {
        let arguments = context.arguments.clone().unwrap_or_default();
        let times = arguments.get("times").and_then(Value::as_u64).unwrap_or(2).min(8) as usize;
        let word = arguments.get("word").and_then(Value::as_str).unwrap_or_default();
        let text = ContentBlock::text(word.repeat(times));
        Box::pin(async move { Ok(CallToolResult::success(vec![text]).into()) })
    })
}

fn object(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(object) => Arc::new(object),
        _ => Arc::default(),
    }
}
