//! The missing-tool report: a tool by which a model can say that it misses one.
//!
//! It is advertised only when the author asks for it, and never in the place of a tool of the
//! author's with the same name.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, JsonObject, Tool};
use serde_json::json;

use super::Watched;
use crate::error::Error;
use crate::event::{Name, is_tool_name};

const DESCRIPTION: &str = "Reports that no tool of this server fits the task.";

const PARAMETER: &str = "What was missing, in one sentence. No names, personal data or secrets.";

/// A configured report.
#[derive(Clone, Debug)]
pub(crate) struct MissingTool {
    pub(crate) name: Name,
    definition: Tool,
}

impl MissingTool {
    /// A report under a name that every client takes.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        if !is_tool_name(name) {
            return Err(Error::configuration(
                "the missing-tool report needs a name of 1 to 32 letters, digits, `_`, `.` and `-` that starts with a letter",
            ));
        }
        let definition = Tool::new(name.to_owned(), DESCRIPTION, Arc::new(schema()));
        Ok(Self { name: Name::register(name), definition })
    }
}

fn schema() -> JsonObject {
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    let parameter = json!({"type": "string", "description": PARAMETER});
    schema.insert("properties".to_owned(), json!({crate::capture::intent::KEY: parameter}));
    schema
}

/// What the report answers, whatever it was told.
pub(super) fn reply() -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text("Noted.")]).into()
}

impl<H: ServerHandler> Watched<H> {
    /// The report to add to a listing: on its last page, and not beside the author's own tool.
    pub(super) fn missing_tool(&self, is_last_page: bool) -> Option<Tool> {
        let report = self.watch.as_ref()?.missing_tool()?;
        let is_free = self.surface.tools.get(report.name.as_str()).is_none();
        (is_last_page && is_free).then(|| report.definition.clone())
    }

    /// The report by its name.
    pub(super) fn missing_tool_named(&self, name: &str) -> Option<Tool> {
        self.missing_tool(true).filter(|tool| tool.name == name)
    }

    /// Whether a call goes to the report. A tool of the author's with that name was found before.
    pub(super) fn is_missing_tool_report(&self, name: &str) -> bool {
        self.missing_tool_named(name).is_some()
    }

    pub(super) fn missing_tool_name(&self) -> Name {
        let report = self.watch.as_ref().and_then(|watch| watch.missing_tool());
        report.map_or(Name::from_static("_unknown"), |report| report.name)
    }
}
