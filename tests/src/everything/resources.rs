//! The resources: two static ones, one to subscribe to, and a template.

use rmcp::ErrorData;
use rmcp::model::{
    ReadResourceResponse, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::json;

use super::{content::PIXEL, skills};

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const WATCHED: &str = "test://watched-resource";

pub(super) fn all() -> Vec<Resource> {
    let resource = |uri, name, description, mime_type| {
        Resource::new(uri, name).with_description(description).with_mime_type(mime_type)
    };
    vec![
        resource(TEXT, "static-text", "A text that never changes.", "text/plain"),
        resource(BINARY, "static-binary", "An image that never changes.", "image/png"),
        resource(WATCHED, "watched-resource", "A text to subscribe to.", "text/plain"),
    ]
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = ResourceTemplate::new("test://template/{id}/data", "template");
    vec![template.with_description("The data of an id.").with_mime_type("application/json")]
}

pub(super) fn read(uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let text = |text: &str, mime_type| ResourceContents::text(text, uri).with_mime_type(mime_type);
    let contents = match uri {
        TEXT => text("This is the content of the static text resource.", "text/plain"),
        BINARY => ResourceContents::blob(PIXEL, uri).with_mime_type("image/png"),
        WATCHED => text("Watched resource content", "text/plain"),
        _ => match (templated(uri), skills::file(uri)) {
            (Some(data), _) => text(&data, "application/json"),
            (None, Some(file)) => text(file, "text/markdown"),
            (None, None) => {
                let data = Some(json!({ "uri": uri }));
                return Err(ErrorData::resource_not_found("Resource not found", data));
            }
        },
    };
    Ok(ReadResourceResult::new(vec![contents]).into())
}

fn templated(uri: &str) -> Option<String> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
    Some(data.to_string())
}
