//! Whose fault an error is: what the author's types say, and what the protocol says without them.

use std::fmt;

use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, ErrorCode};
use rmcp::{ErrorData, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolwatch::event::Side;
use toolwatch::{Blame, Blamed, watched_tool};
use toolwatch_tests::observed::{Recorder, call, connect, text};

#[derive(Deserialize, JsonSchema)]
struct Fail {
    how: String,
}

/// An error that knows whose fault it is, and that panics when it is asked about nobody's.
#[derive(Debug, Serialize, JsonSchema)]
enum Refused {
    NoSuchIndex,
    Database,
    Nobody,
}

impl Blame for Refused {
    fn side(&self) -> Side {
        match self {
            Self::NoSuchIndex => Side::Caller,
            Self::Database => Side::Execution,
            Self::Nobody => panic!("nobody knows"),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Refused {}

impl IntoCallToolResult for Refused {
    fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::error(vec![ContentBlock::text(self.to_string())]).into())
    }
}

fn refuse(how: &str) -> Refused {
    match how {
        "caller" => Refused::NoSuchIndex,
        "execution" => Refused::Database,
        _ => Refused::Nobody,
    }
}

#[derive(Clone)]
struct Server;

#[tool_router(server_handler)]
impl Server {
    /// The error's type knows.
    #[watched_tool]
    #[tool]
    async fn typed(&self, Parameters(fail): Parameters<Fail>) -> Result<String, Refused> {
        Err(refuse(&fail.how))
    }

    /// The error's type knows, behind rmcp's own wrapper.
    #[watched_tool]
    #[tool]
    fn structured(&self, Parameters(fail): Parameters<Fail>) -> Result<String, Json<Refused>> {
        Err(Json(refuse(&fail.how)))
    }

    /// An error of another type is marked, or goes through `?`.
    #[watched_tool]
    #[tool]
    async fn marked(&self, Parameters(fail): Parameters<Fail>) -> Result<String, Blamed<String>> {
        if fail.how == "caller" {
            return Err(Blamed::caller(fail.how));
        }
        Ok(Err(fail.how)?)
    }

    /// An error that says nothing.
    #[watched_tool]
    #[tool]
    fn silent(&self, Parameters(fail): Parameters<Fail>) -> Result<String, String> {
        Err(fail.how)
    }

    /// A result with the flag.
    #[watched_tool]
    #[tool]
    fn flagged(&self) -> CallToolResult {
        CallToolResult::error(Vec::new())
    }

    /// A JSON-RPC error with a code.
    #[watched_tool]
    #[tool]
    fn coded(&self, Parameters(fail): Parameters<Fail>) -> Result<String, ErrorData> {
        Err(ErrorData::new(ErrorCode(fail.how.parse().unwrap_or_default()), "no", None))
    }

    /// No error.
    #[watched_tool]
    #[tool]
    fn fine(&self) -> Result<String, Blamed<String>> {
        Ok("fine".to_owned())
    }
}

/// What is recorded of whose fault one call's error was.
async fn side(tool: &'static str, arguments: Value) -> Option<String> {
    let recorder = Recorder::start();
    let client = connect(Server, &recorder.watch).await;
    call(&client, tool, arguments).await.ok();
    let record = recorder.only();
    let error = record.attributes.others.get("error")?;
    error["fault"].as_str().map(str::to_owned)
}

#[track_caller]
fn check(cases: &[(&'static str, Value, Option<&str>)]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (tool, arguments, expected) in cases {
        let side = runtime.block_on(side(tool, arguments.clone()));
        assert_eq!(side.as_deref(), *expected, "{tool} {arguments}");
    }
}

#[test]
fn the_author_says_whose_fault_an_error_is() {
    let how = |how: &str| json!({ "how": how });
    check(&[
        ("typed", how("caller"), Some("caller")),
        ("typed", how("execution"), Some("execution")),
        ("structured", how("caller"), Some("caller")),
        ("marked", how("caller"), Some("caller")),
        ("marked", how("any"), Some("execution")),
        ("fine", json!({}), None),
    ]);
}

#[test]
fn the_protocol_says_whose_fault_it_is_when_the_author_does_not() {
    let how = |how: &str| json!({ "how": how });
    check(&[
        ("silent", how("any"), Some("execution")),
        ("silent", json!({ "how": 7 }), Some("caller")),
        ("typed", json!({}), Some("caller")),
        ("flagged", json!({}), Some("execution")),
        ("coded", how("-32602"), Some("caller")),
        ("coded", how("-32002"), Some("caller")),
        ("coded", how("-32603"), Some("execution")),
        ("coded", how("1"), Some("execution")),
    ]);
}

#[tokio::test]
async fn an_author_whose_answer_panics_loses_only_the_answer() {
    let recorder = Recorder::start();
    let client = connect(Server, &recorder.watch).await;
    let reply = call(&client, "typed", json!({ "how": "nobody" })).await.expect("a reply");
    assert_eq!((text(&reply), reply.is_error), ("Nobody", Some(true)));
    let record = recorder.only();
    let error = &record.attributes.others["error"];
    assert_eq!(error["fault"], "execution", "the protocol's word is left: {error}");
    assert!(error["type"].as_str().is_some_and(|name| name.ends_with("Refused")), "{error}");
}

#[tokio::test]
async fn a_marked_error_replies_as_the_error_within() {
    let recorder = Recorder::start();
    let client = connect(Server, &recorder.watch).await;
    for how in ["caller", "any"] {
        let marked = call(&client, "marked", json!({ "how": how })).await.expect("a reply");
        let silent = call(&client, "silent", json!({ "how": how })).await.expect("a reply");
        assert_eq!(json!(marked), json!(silent));
    }
}
