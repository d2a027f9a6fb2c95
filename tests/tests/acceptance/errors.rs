//! What is recorded of errors, and that they reach the client unchanged (J1, J5, J9, A1).

use std::error::Error;
use std::fmt;

use rmcp::handler::server::tool::IntoCallToolResult;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock};
use rmcp::{ErrorData, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::{Shape, Watch, watched_tool};
use toolwatch_tests::observed::{Client, Recorder, call, connect, text};

#[derive(Deserialize, JsonSchema, Shape)]
struct Fail {
    how: String,
    number: u32,
}

#[derive(Debug)]
enum Refused {
    Missing { number: u32 },
    Denied(String),
    Wrapped(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { number } => write!(f, "{number} is missing"),
            Self::Denied(who) => write!(f, "denied to {who}"),
            Self::Wrapped(inner) => write!(f, "wrapped: {inner}"),
        }
    }
}

impl Error for Refused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Wrapped(inner) => Some(&**inner),
            _ => None,
        }
    }
}

/// An error that can neither be printed nor told apart.
struct Silent;

macro_rules! into_result {
    ($ty:ty, $text:expr) => {
        impl IntoCallToolResult for $ty {
            fn into_call_tool_result(self) -> Result<CallToolResponse, ErrorData> {
                let text: fn(&Self) -> String = $text;
                Ok(CallToolResult::error(vec![ContentBlock::text(text(&self))]).into())
            }
        }
    };
}

into_result!(Refused, |error| error.to_string());
into_result!(Silent, |_| "silent".to_owned());

#[derive(Clone)]
struct Failing;

#[tool_router(server_handler)]
impl Failing {
    /// An error type of its own.
    #[watched_tool]
    #[tool]
    fn custom(&self, Parameters(fail): Parameters<Fail>) -> Result<String, Refused> {
        Err(match fail.how.as_str() {
            "missing" => Refused::Missing { number: fail.number },
            "denied" => Refused::Denied(fail.number.to_string()),
            _ => Refused::Wrapped(Box::new(std::io::Error::other(fail.number.to_string()))),
        })
    }

    /// A text.
    #[watched_tool]
    #[tool]
    fn text(&self, Parameters(fail): Parameters<Fail>) -> Result<String, String> {
        Err(format!("{} {}", fail.how, fail.number))
    }

    /// A unit.
    #[watched_tool]
    #[tool]
    fn unit(&self) -> Result<String, Silent> {
        Err(Silent)
    }

    /// A result with the flag and no error.
    #[watched_tool]
    #[tool]
    fn flagged(&self) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text("flagged")])
    }

    /// A JSON-RPC error.
    #[watched_tool]
    #[tool]
    fn protocol(&self) -> Result<String, ErrorData> {
        Err(ErrorData::invalid_request("needle", Some(json!({ "needle": 1 }))))
    }

    /// Not watched.
    #[watched_tool(skip)]
    #[tool]
    fn skipped(&self) -> String {
        "skipped".to_owned()
    }
}

async fn client() -> (Recorder, Client) {
    let recorder = Recorder::start();
    let client = connect(Failing, &recorder.watch).await;
    (recorder, client)
}

/// What is recorded of the failure of one call.
async fn failure(tool: &'static str, arguments: Value) -> (Option<String>, Value) {
    let (recorder, client) = client().await;
    call(&client, tool, arguments).await.ok();
    let record = recorder.only();
    assert!(record.is_error);
    (record.error_message, record.attributes.others.get("error").cloned().unwrap_or_default())
}

#[tokio::test]
async fn j1_the_type_and_kind_of_every_form_of_error_are_recorded() {
    let fail = |how: &str| json!({ "how": how, "number": 7 });
    for (tool, arguments, kind, type_name, chain) in [
        ("custom", fail("missing"), "returned", Some("Refused"), 1),
        ("custom", fail("wrapped"), "returned", Some("Refused"), 2),
        ("text", fail("text"), "returned", Some("String"), 1),
        ("unit", json!({}), "returned", Some("Silent"), 1),
        ("flagged", json!({}), "flagged", None, 0),
        ("custom", json!({ "how": 7 }), "arguments", None, 0),
    ] {
        let (message, error) = failure(tool, arguments).await;
        assert_eq!(message.as_deref(), Some(kind), "{tool}");
        let name = error["type"].as_str().and_then(|name| name.rsplit("::").next());
        assert_eq!(name, type_name, "{tool}: {error}");
        assert_eq!(error["chain"].as_u64().unwrap_or(0), chain, "{tool}: {error}");
    }
}

#[tokio::test]
async fn j5_errors_reach_the_client_unchanged() {
    let (recorder, client) = client().await;
    let arguments = json!({ "how": "denied", "number": 7 });
    let reply = call(&client, "custom", arguments).await.expect("a reply");
    assert_eq!((text(&reply), reply.is_error), ("denied to 7", Some(true)));
    let error = call(&client, "protocol", json!({})).await.expect_err("a JSON-RPC error");
    let rmcp::ServiceError::McpError(error) = error else { panic!("{error}") };
    assert_eq!((error.code.0, error.message.as_ref()), (-32600, "needle"));
    assert_eq!(error.data, Some(json!({ "needle": 1 })));
    let records = json!(recorder.records()).to_string();
    assert!(!records.contains("needle") && !records.contains("denied"), "{records}");
}

#[tokio::test]
async fn j9_a_fingerprint_is_of_the_fault_and_not_of_its_values() {
    let (recorder, client) = client().await;
    for (tool, how, number) in [
        ("custom", "missing", 1),
        ("custom", "missing", 2),
        ("custom", "denied", 1),
        ("text", "not found:", 1),
        ("text", "not found:", 2),
    ] {
        call(&client, tool, json!({ "how": how, "number": number })).await.expect("a reply");
    }
    let records = recorder.records();
    let prints: Vec<_> =
        records.iter().map(|record| &record.attributes.others["error"]["fingerprint"]).collect();
    assert!(prints.iter().all(|print| print.as_str().is_some_and(|it| it.len() == 16)));
    assert_eq!((prints[0], prints[3]), (prints[1], prints[4]));
    assert_ne!(prints[0], prints[2]);
}

#[tokio::test]
async fn a1_a_skipped_tool_is_never_recorded_and_lists_what_it_always_did() {
    let (recorder, client) = client().await;
    assert_eq!(text(&call(&client, "skipped", json!({})).await.expect("a reply")), "skipped");
    assert!(recorder.records().is_empty());
    let schema = toolwatch_tests::observed::schema(&client, "skipped").await;
    assert!(schema["properties"].get("context").is_none(), "{schema}");
}

#[test]
fn a1_a_second_install_is_an_error() {
    let first = Watch::disabled().install();
    assert!(first.is_ok());
    let error = Watch::disabled().install().expect_err("a process has one watch");
    assert!(error.is_already_installed(), "{error}");
}
