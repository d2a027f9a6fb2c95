//! The missing-tool report: a tool by which a model can say that it misses one.
//!
//! It is advertised only when the author asks for it, and never in the place of a tool of the
//! author's with the same name.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject, Tool,
};
use serde_json::json;

use super::Watched;
use crate::capture::intent;
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
    schema.insert("properties".to_owned(), json!({intent::KEY: parameter}));
    schema
}

/// Whether a call goes to the report.
pub(super) enum Report {
    No,
    Certain,
    /// It does if the server has no such tool. The handler sees the arguments as they came.
    Possible {
        intent: Option<String>,
    },
}

/// What the report answers, whatever it was told.
pub(super) fn reply() -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text("Noted.")]).into()
}

impl<H: ServerHandler> Watched<H> {
    /// The report to add to a listing: on its last page, and not beside the author's own tool.
    pub(super) fn missing_tool(&self, is_last_page: bool) -> Option<Tool> {
        let report = self.watch.as_ref()?.missing_tool()?;
        let name = report.name.as_str();
        let is_free = || self.surface.tools.get(name).is_none() && self.own_tool(name).is_none();
        (is_last_page && is_free()).then(|| report.definition.clone())
    }

    /// The report by its name.
    pub(super) fn missing_tool_named(&self, name: &str) -> Option<Tool> {
        // First by the name: asking the server for its tool may build its router anew.
        let report = self.watch.as_ref()?.missing_tool()?;
        if report.name.as_str() != name { None } else { self.missing_tool(true) }
    }

    /// Whether a call goes to the report. Where none was advertised yet the server is asked first: it
    /// may have a tool of this name that neither a list nor `get_tool` has told.
    pub(super) fn report_of(&self, request: &CallToolRequestParams) -> Report {
        if self.missing_tool_named(&request.name).is_none() {
            return Report::No;
        }
        if self.surface.has_advertised_report() {
            return Report::Certain;
        }
        Report::Possible { intent: request.arguments.clone().as_mut().and_then(intent::take) }
    }

    pub(super) fn missing_tool_name(&self) -> Name {
        let report = self.watch.as_ref().and_then(|watch| watch.missing_tool());
        report.map_or(Name::from_static("_unknown"), |report| report.name)
    }
}
