//! The audit log of real servers with real clients: what a call leaves in it, and that a call that it
//! cannot take does not run.
#![expect(clippy::unwrap_used, reason = "a suite stops at the first fault of its own machinery")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolRequestParams, ErrorCode};
use rmcp::{ServiceError, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use toolwatch::audit::{Audit, AuditBuilder, LaneEnd, Policy, Report, VerificationKey, Verifier};
use toolwatch::{Shape, Watch, watched_tool};
use toolwatch_tests::wrapped::connect;

#[derive(Deserialize, JsonSchema, Shape)]
struct Payment {
    recipient: String,
    #[serde(default)]
    card: String,
}

/// How often the tools of one server ran.
#[derive(Clone, Default)]
struct Bank(std::sync::Arc<AtomicU64>);

#[tool_router]
impl Bank {
    /// Pays.
    #[watched_tool(args(recipient = hash, card = omit))]
    #[tool]
    async fn pay(&self, Parameters(payment): Parameters<Payment>) -> Result<String, String> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _ = payment.card;
        if payment.recipient == "nobody" {
            Err("no such account".into())
        } else {
            Ok("paid".into())
        }
    }

    /// Without arguments.
    #[watched_tool]
    #[tool]
    fn freeze(&self) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        "frozen".into()
    }

    /// Without the attribute.
    #[tool]
    async fn balance(&self) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        "7".into()
    }
}

#[tool_handler]
impl rmcp::ServerHandler for Bank {}

struct Log {
    home: tempfile::TempDir,
    key: VerificationKey,
}

impl Log {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let key = toolwatch::audit::keygen_signed(&home.path().join("log")).unwrap();
        Self { home, key }
    }

    fn directory(&self) -> PathBuf {
        self.home.path().join("log")
    }

    fn builder(&self) -> AuditBuilder {
        Audit::builder(self.directory()).checkpoint_file(self.home.path().join("checkpoints"))
    }

    /// Verifies a log that was closed.
    fn verify(&self) -> Report {
        let checkpoints = self.home.path().join("checkpoints");
        // Closing waits 2 s for the last checkpoint at most, and a busy disk may take longer.
        let (began, is_last) = (Instant::now(), |notes: String| notes.contains("\nclosed\n"));
        while !std::fs::read_to_string(&checkpoints).is_ok_and(is_last) {
            assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint of the end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let verifier = Verifier::new(&self.key).checkpoints(checkpoints);
        verifier.verify(&self.directory()).unwrap()
    }

    /// The bodies of the records of this type.
    fn bodies(&self, kind: &str) -> Vec<Value> {
        let lines = read_lanes(&self.directory());
        let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["type"] == kind).map(|mut it| it["body"].take()).collect()
    }
}

fn read_lanes(directory: &Path) -> String {
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    paths.sort();
    paths.into_iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn call(name: &'static str, arguments: Value) -> CallToolRequestParams {
    let mut params = CallToolRequestParams::new(name);
    params.arguments = arguments.as_object().cloned();
    params
}

fn watch(audit: Audit) -> Watch {
    Watch::builder().server("bank", "1.0").audit(audit).environment(|_| None).build().unwrap()
}

#[tokio::test]
async fn each_call_is_in_the_log_by_the_policy_of_its_tool() {
    let log = Log::new();
    let watch = watch(log.builder().begin_records().build().unwrap());
    assert!(watch.is_enabled() && watch.directory().is_none(), "no spool is needed");
    let client = connect(watch.wrap(Bank::default())).await;
    let payment = json!({ "recipient": "Erika Mustermann", "card": "4111111111111111" });
    client.call_tool(call("pay", payment)).await.unwrap();
    client.call_tool(call("pay", json!({ "recipient": "nobody" }))).await.unwrap();
    client.call_tool(call("balance", json!({}))).await.unwrap();
    assert!(client.call_tool(call("withdraw", json!({}))).await.is_err());
    client.cancel().await.unwrap();
    watch.shutdown(Duration::from_secs(5));
    let report = log.verify();
    assert!(report.verdict().is_intact(), "{:?}", report.damages());
    assert_eq!((report.lanes()[0].end, report.lanes()[0].unfinished), (LaneEnd::Closed, 0));
    let calls: Vec<Value> =
        log.bodies("event").into_iter().filter(|body| body["event_type"] == "tool_call").collect();
    let outcomes: Vec<_> = calls.iter().map(|body| body["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "tool_error", "ok", "unknown_tool"]);
    assert_eq!(
        calls[0]["request_params"]["fields"]["recipient"]["hash"].as_str().unwrap().len(),
        16
    );
    assert!(calls[0]["request_params"]["fields"].get("card").is_none());
    assert_eq!(log.bodies("begun").len(), 4);
    let text = read_lanes(&log.directory());
    // A word of few digits of hexadecimal is in a chain of hashes by chance.
    for secret in ["Erika", "4111111111111111", "no such account", "withdraw", "\"card\""] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// Calls each tool, and says how each call ended.
async fn refused(server: impl rmcp::ServerHandler) -> Vec<bool> {
    let client = connect(server).await;
    let mut refused = Vec::new();
    for (name, arguments) in
        [("pay", json!({ "recipient": "a" })), ("freeze", json!({})), ("balance", json!({}))]
    {
        match client.call_tool(call(name, arguments)).await {
            Err(ServiceError::McpError(error)) => {
                assert_eq!(error.code, ErrorCode::INTERNAL_ERROR);
                assert_eq!(error.message, "the call cannot be recorded, and is refused");
                refused.push(true);
            }
            reply => {
                reply.unwrap();
                refused.push(false);
            }
        }
    }
    client.cancel().await.unwrap();
    refused
}

#[tokio::test]
async fn a_wrapped_server_runs_no_tool_that_the_log_cannot_take() {
    let log = Log::new();
    let audit = log.builder().policy(Policy::Refuse).on_error(|_| {}).build().unwrap();
    let (watch, bank) = (watch(audit.clone()), Bank::default());
    assert_eq!(refused(watch.wrap(bank.clone())).await, [false; 3]);
    // A log that is closed takes nothing, as one on a full disk.
    audit.close();
    assert_eq!(refused(watch.wrap(bank.clone())).await, [true; 3]);
    assert_eq!(bank.0.load(Ordering::SeqCst), 3);
    assert_eq!(audit.stats().refused(), 3);
    let router = Bank::tool_router();
    assert_eq!(refused(watch.wrap_with_router(bank.clone(), router)).await, [true; 3]);
    assert_eq!(bank.0.load(Ordering::SeqCst), 3, "none ran");
    assert!(log.verify().verdict().is_intact());
}

#[tokio::test]
async fn a_tool_with_the_attribute_alone_does_not_run_either() {
    let log = Log::new();
    let audit = log.builder().policy(Policy::Refuse).on_error(|_| {}).build().unwrap();
    let (_watch, bank) = (watch(audit.clone()).install().unwrap(), Bank::default());
    assert_eq!(refused(bank.clone()).await, [false; 3]);
    audit.close();
    // Nobody sees the call of a tool without the attribute in a server that is not wrapped.
    assert_eq!(refused(bank.clone()).await, [true, true, false]);
    assert_eq!(bank.0.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn degrade_lets_every_tool_run_and_counts() {
    let log = Log::new();
    let told = std::sync::Arc::new(AtomicU64::new(0));
    let count = std::sync::Arc::clone(&told);
    let audit = log.builder().on_error(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let audit = audit.build().unwrap();
    let (watch, bank) = (watch(audit.clone()), Bank::default());
    audit.close();
    assert_eq!(refused(watch.wrap(bank.clone())).await, [false; 3]);
    assert_eq!(bank.0.load(Ordering::SeqCst), 3);
    assert!(audit.stats().missed() >= 3);
    assert_eq!(told.load(Ordering::SeqCst), 1, "the operator is told once");
}
