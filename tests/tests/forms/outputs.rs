//! Every return type that rmcp converts, with its output schema.

use std::fmt;

use rmcp::ErrorData;
use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, IntoContents};
use rmcp::tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::harness::{compare, servers};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Fails {
    fails: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Sum {
    /// What it comes to.
    sum: i32,
}

/// An error type of the author, which rmcp shows as text.
#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}
impl std::error::Error for Broken {}
impl IntoContents for Broken {
    fn into_contents(self) -> Vec<ContentBlock> {
        vec![ContentBlock::text(self.to_string())]
    }
}

/// An error type that can neither be printed nor sent on as text.
pub(crate) struct Silent;

impl IntoCallToolResult for Silent {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Err(ErrorData::internal_error("silent", Some(json!({"code": 7}))))
    }
}

type Aliased = Result<Json<Sum>, Broken>;

fn check(fails: bool) -> Result<i32, Broken> {
    if fails { Err(Broken) } else { Ok(7) }
}

servers! {
    [impl Server]
    [] {
        #[tool]
        fn unit(&self) {}
    }
    [] {
        #[tool]
        async fn unit_async(&self) { tokio::task::yield_now().await; }
    }
    [] {
        #[tool]
        async fn text_or_text(&self, Parameters(Fails { fails }): Parameters<Fails>) -> Result<String, String> {
            check(fails).map(|sum| sum.to_string()).map_err(|error| error.to_string())
        }
    }
    [] {
        #[tool]
        fn result(&self) -> CallToolResult { CallToolResult::error(vec![ContentBlock::text("flagged")]) }
    }
    [] {
        #[tool]
        async fn result_or_error(&self, Parameters(Fails { fails }): Parameters<Fails>) -> Result<CallToolResult, ErrorData> {
            check(fails).map_err(|_| ErrorData::resource_not_found("gone", None))?;
            Ok(CallToolResult::success(vec![ContentBlock::text("fine")]))
        }
    }
    [] {
        #[tool]
        fn json(&self) -> Json<Sum> { Json(Sum { sum: 1 }) }
    }
    [] {
        #[tool]
        async fn json_or_author(&self, Parameters(Fails { fails }): Parameters<Fails>) -> Result<Json<Sum>, Broken> {
            let sum = check(fails)?;
            Ok(Json(Sum { sum }))
        }
    }
    [] {
        #[tool]
        async fn json_or_silent(&self, Parameters(Fails { fails }): Parameters<Fails>) -> Result<Json<Sum>, Silent> {
            let sum = check(fails).map_err(|_| Silent)?;
            Ok(Json(Sum { sum }))
        }
    }
    [] {
        #[tool]
        async fn aliased(&self, Parameters(Fails { fails }): Parameters<Fails>) -> Aliased {
            Ok(Json(Sum { sum: check(fails)? }))
        }
    }
    [] {
        #[tool]
        fn full_paths(&self) -> std::result::Result<rmcp::handler::server::wrapper::Json<Sum>, rmcp::ErrorData> {
            Ok(Json(Sum { sum: 2 }))
        }
    }
}

#[tokio::test]
async fn every_return_type_gives_the_same_reply() {
    let (fails, works) = (json!({"fails": true}), json!({"fails": false}));
    let mut calls = vec![
        ("unit", json!({})),
        ("unit_async", json!({})),
        ("result", json!({})),
        ("json", json!({})),
        ("full_paths", json!({})),
    ];
    for tool in ["text_or_text", "result_or_error", "json_or_author", "json_or_silent", "aliased"] {
        calls.extend([(tool, fails.clone()), (tool, works.clone()), (tool, json!({}))]);
    }
    compare(plain::Server::default(), watched::Server::default(), &calls).await;
}
