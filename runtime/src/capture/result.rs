//! The shape of a result: kinds, counts and sizes of its blocks, and none of their contents.

use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, GetPromptResponse, TextContent};
use serde_json::Value;

use super::size;
use crate::event::{JsonKind, ResultShape};

/// Measures a reply.
pub(crate) fn measure(response: &CallToolResponse) -> ResultShape {
    match response {
        CallToolResponse::Complete(result) => complete(result),
        CallToolResponse::InputRequired(result) => bare(size::of_serialized(result)),
        CallToolResponse::Task(result) => bare(size::of_serialized(result)),
        _ => ResultShape::default(),
    }
}

/// Measures a prompt: the blocks of its messages.
pub(crate) fn of_prompt(response: &GetPromptResponse) -> ResultShape {
    match response {
        GetPromptResponse::Complete(result) => {
            let mut shape = bare(size::of_serialized(result));
            result.messages.iter().for_each(|message| count(&message.content, &mut shape));
            shape
        }
        GetPromptResponse::InputRequired(result) => bare(size::of_serialized(result)),
        _ => ResultShape::default(),
    }
}

fn bare(bytes: u64) -> ResultShape {
    ResultShape { bytes, ..ResultShape::default() }
}

fn complete(result: &CallToolResult) -> ResultShape {
    let mut shape = bare(frame(result));
    for block in &result.content {
        shape.bytes += block_bytes(block);
        count(block, &mut shape);
    }
    if let Some(structured) = &result.structured_content {
        shape.bytes += size::of_value(structured);
        shape.structured_kind = Some(JsonKind::of(structured));
        shape.structured_len = members(structured);
    }
    shape
}

fn count(block: &ContentBlock, shape: &mut ResultShape) {
    if let Some(count) = kind(block).and_then(|kind| shape.blocks.get_mut(kind)) {
        *count = count.saturating_add(1);
    }
    if let ContentBlock::Text(text) = block {
        shape.text_chars += text.text.chars().count() as u64;
    }
}

/// The place of a block's kind in [`ResultShape`]'s counts.
const fn kind(block: &ContentBlock) -> Option<usize> {
    match block {
        ContentBlock::Text(_) => Some(0),
        ContentBlock::Image(_) => Some(1),
        ContentBlock::Audio(_) => Some(2),
        ContentBlock::Resource(_) => Some(3),
        ContentBlock::ResourceLink(_) => Some(4),
        _ => None,
    }
}

fn members(value: &Value) -> Option<u64> {
    match value {
        Value::Array(items) => Some(items.len() as u64),
        Value::Object(object) => Some(object.len() as u64),
        _ => None,
    }
}

/// The bytes of a result without its blocks and its structured content.
fn frame(result: &CallToolResult) -> u64 {
    let content = r#"{"content":}"#.len() as u64 + size::of_frame(result.content.len());
    let member = |key: &str, value: u64| (key.len() + r#","":"#.len()) as u64 + value;
    let result_type = result.result_type.as_ref();
    let meta = result.meta.as_ref();
    content
        + result_type.map_or(0, |kind| member("resultType", size::of_serialized(kind)))
        + result.structured_content.as_ref().map_or(0, |_| member("structuredContent", 0))
        + result.is_error.map_or(0, |flag| member("isError", if flag { 4 } else { 5 }))
        + meta.map_or(0, |meta| member("_meta", size::of_serialized(meta)))
}

/// Plain text, the common block, is measured without the serialiser.
fn block_bytes(block: &ContentBlock) -> u64 {
    match block {
        ContentBlock::Text(TextContent { text, meta: None, annotations: None, .. }) => {
            r#"{"type":"text","text":}"#.len() as u64 + size::of_text(text)
        }
        other => size::of_serialized(other),
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{MetaObject, Resource};
    use serde_json::json;

    use super::*;

    fn shape(result: &CallToolResult) -> ResultShape {
        let shape = measure(&CallToolResponse::Complete(result.clone()));
        assert_eq!(shape.bytes, serde_json::to_string(result).unwrap().len() as u64);
        shape
    }

    #[test]
    fn h1_every_kind_of_block_is_counted_and_measured() {
        let mut result = CallToolResult::success(vec![
            ContentBlock::text("sch\u{f6}n \"\n"),
            ContentBlock::text(""),
            ContentBlock::image("aGVsbG8=", "image/png"),
            ContentBlock::audio("aGVsbG8=", "audio/wav"),
            ContentBlock::embedded_text("file:///a", "text"),
            ContentBlock::resource_link(Resource::new("file:///a", "a")),
        ]);
        result.structured_content = Some(json!({"a": [1, 2, {"b": null}], "c": "\u{1}"}));
        result.meta = Some(MetaObject::new());
        let shape = shape(&result);
        assert_eq!((shape.blocks, shape.text_chars), ([2, 1, 1, 1, 1], 8));
        assert_eq!(
            (shape.structured_kind, shape.structured_len),
            (Some(JsonKind::Object), Some(2))
        );
    }

    #[test]
    fn an_empty_and_a_null_result_are_measured() {
        let mut result = CallToolResult::error(Vec::new());
        result.result_type = None;
        assert_eq!(shape(&result).blocks, [0; 5]);
        result.structured_content = Some(Value::Null);
        result.is_error = None;
        let shape = shape(&result);
        assert_eq!((shape.structured_kind, shape.structured_len), (Some(JsonKind::Null), None));
    }
}
