//! One server, twice: with `#[watched_tool]` on every tool and without.
//!
//! The two differ in nothing else, so that a suite can compare whole sessions.

use std::time::Duration;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{
    CallToolResult, ContentBlock, CreateTaskResult, InputRequiredResult, JsonObject, Task,
    TaskStatus,
};
use rmcp::{ErrorData, RoleServer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolwatch::{Reveal, Shape};

/// The arguments of most tools.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
pub struct Query {
    /// What to look for.
    pub text: String,
    /// How often.
    pub times: Option<u32>,
    /// How the reply is laid out.
    pub layout: Option<Layout>,
    /// Words to leave out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Where to look.
    pub place: Option<Place>,
}

/// A nested object.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// A code.
    pub country_code: String,
    /// Free keys.
    #[serde(default)]
    pub labels: std::collections::BTreeMap<String, String>,
}

/// An enum whose value may leave.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// One line.
    Short,
    /// Many lines.
    Long,
}

/// A structured result.
#[derive(Serialize, JsonSchema)]
pub struct Answer {
    text: String,
    count: u32,
}

/// An author's error.
#[derive(Debug)]
pub struct Refused(String);

impl Refused {
    /// An error with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

impl rmcp::handler::server::tool::IntoCallToolResult for Refused {
    fn into_call_tool_result(self) -> Result<rmcp::model::CallToolResponse, ErrorData> {
        Ok(CallToolResult::error(vec![ContentBlock::text(self.to_string())]).into())
    }
}

macro_rules! server {
    ($(#[$module_doc:meta])* $module:ident, $(#[$watched:meta])*) => {
        $(#[$module_doc])*
        pub mod $module {
            use super::*;
            use rmcp::service::RequestContext;
            use rmcp::{tool, tool_router};

            /// The server.
            #[derive(Clone, Debug, Default)]
            pub struct Server;

            #[tool_router(server_handler, vis = "pub")]
            impl Server {
                /// Echo the text.
                $(#[$watched])*
                #[tool]
                async fn echo(&self, Parameters(query): Parameters<Query>) -> String {
                    query.text.repeat(query.times.unwrap_or(1).min(8) as usize)
                }

                /// Answer with structure.
                $(#[$watched])*
                #[tool]
                async fn answer(&self, Parameters(query): Parameters<Query>) -> Result<Json<Answer>, Refused> {
                    if query.text.contains("refuse") {
                        return Err(Refused(query.text));
                    }
                    Ok(Json(Answer { count: query.text.len() as u32, text: query.text }))
                }

                /// Echo raw arguments.
                $(#[$watched])*
                #[tool]
                fn raw(&self, arguments: JsonObject) -> Result<String, String> {
                    serde_json::to_string(&arguments).map_err(|error| error.to_string())
                }

                /// Fail with the text.
                $(#[$watched])*
                #[tool]
                async fn fail(&self, Parameters(query): Parameters<Query>) -> Result<String, String> {
                    Err(format!("cannot: {}", query.text))
                }

                /// Fail with a protocol error.
                $(#[$watched])*
                #[tool]
                async fn protocol_fail(&self, Parameters(query): Parameters<Query>) -> Result<String, ErrorData> {
                    Err(ErrorData::internal_error(format!("internal: {}", query.text), None))
                }

                /// Panic with the text.
                $(#[$watched])*
                #[tool]
                async fn panic(&self, Parameters(query): Parameters<Query>) -> String {
                    std::panic::panic_any(query.text)
                }

                /// Wait, as many milliseconds as `times` says.
                $(#[$watched])*
                #[tool]
                async fn wait(&self, Parameters(query): Parameters<Query>) -> String {
                    tokio::time::sleep(Duration::from_millis(query.times.unwrap_or(60_000).into())).await;
                    query.text
                }

                /// Ask for more input.
                $(#[$watched])*
                #[tool]
                async fn ask(&self, Parameters(query): Parameters<Query>) -> InputRequiredResult {
                    InputRequiredResult::from_request_state(query.text)
                }

                /// Hand out a task.
                $(#[$watched])*
                #[tool]
                async fn task(&self, Parameters(query): Parameters<Query>, _context: RequestContext<RoleServer>) -> rmcp::model::CallToolResponse {
                    let now = "2026-01-01T00:00:00Z".to_owned();
                    CreateTaskResult::new(Task::new(query.text, TaskStatus::Working, now.clone(), now)).into()
                }

                /// Return every kind of content block.
                $(#[$watched])*
                #[tool]
                async fn blocks(&self, Parameters(query): Parameters<Query>) -> CallToolResult {
                    CallToolResult::success(vec![
                        ContentBlock::text(query.text.clone()),
                        ContentBlock::image(query.text, "image/png"),
                    ])
                }

                /// Take nothing.
                $(#[$watched])*
                #[tool]
                fn nothing(&self) {}
            }
        }
    };
}

server! {
    /// Every tool is watched.
    watched, #[toolwatch::watched_tool]
}
server! {
    /// No tool is watched, and toolwatch is not mentioned.
    plain,
}
