//! A million names that nobody knows: of tools and of clients. Memory stays where it was.
//!
//! 20,000 requests, times `TOOLWATCH_TEST_SCALE`: a million at a scale of 50.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use toolwatch::local::Reader;
use toolwatch_tests::wrapped::Era;

/// Requests that are in flight at once.
const WINDOW: usize = 64;

/// What the process may take more after the warm-up, in bytes.
const GROWTH: u64 = 1 << 20;

struct Flood {
    child: Child,
    stdin: ChildStdin,
    stdout: tokio::io::Lines<BufReader<ChildStdout>>,
}

impl Flood {
    fn start(directory: &std::path::Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wrapped"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
            command.env_remove(name);
        }
        command.env_remove("DO_NOT_TRACK");
        command
            .args(["plain", "stdio"])
            .env("TOOLWATCH_DIR", directory)
            .env("TOOLWATCH_LOCAL", "1");
        command.env("TOOLWATCH_SPOOL_MAX_BYTES", "4194304").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the server starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, stdin, stdout }
    }

    /// Sends requests with these numbers, each under names of its own, and reads the replies.
    async fn run(&mut self, numbers: std::ops::Range<usize>) {
        let numbers: Vec<_> = numbers.collect();
        for window in numbers.chunks(WINDOW) {
            let lines: String = window.iter().map(|number| request(*number)).collect();
            self.stdin.write_all(lines.as_bytes()).await.expect("sent");
            self.stdin.flush().await.expect("sent");
            for _ in window {
                let line = self.stdout.next_line().await.expect("a reply").expect("a line");
                assert!(line.contains("\"error\""), "{line}");
            }
        }
    }

    /// Bytes in memory.
    fn resident(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
        let kib = line.trim().trim_end_matches(" kB").trim();
        kib.parse::<u64>().expect("a number") * 1024
    }
}

fn request(number: usize) -> String {
    let words = ["tool", "prompt", "resource"];
    let word = words[number % 4 % words.len()];
    let name = format!("{word}-{number}-{}", "x".repeat(200 + number % 40));
    let (method, params) = match word {
        "prompt" => ("prompts/get", json!({ "name": name, "arguments": { &*name: "1" } })),
        "resource" => ("resources/read", json!({ "uri": format!("s{number}://{name}") })),
        _ => ("tools/call", json!({ "name": name, "arguments": { &*name: 1 } })),
    };
    let params = Era::Stateless.params(params, &format!("client-{number}"));
    let message: Value =
        json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params });
    format!("{message}\n")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn i2_a_million_unknown_names_take_no_memory_and_are_one_label() {
    let directory = tempfile::tempdir().expect("a directory");
    let count = 20_000 * toolwatch_tests::scale();
    let mut flood = Flood::start(directory.path());
    flood.run(0..8_000).await;
    let before = flood.resident();
    flood.run(8_000..8_000 + count).await;
    let after = flood.resident();
    let growth = after.saturating_sub(before);
    assert!(growth <= GROWTH, "{count} names took {growth} bytes more than {before}");
    drop(flood.stdin);
    assert!(flood.child.wait().await.expect("an end").success());
    let records = Reader::open(directory.path()).expect("the record can be read");
    let mut seen = 0;
    for record in
        records.into_iter().filter(|record| record.attributes.outcome.as_deref() != Some("ok"))
    {
        seen += 1;
        assert_eq!(record.event_name, "_unknown");
        let text = json!(record).to_string();
        assert!(
            !["tool-", "prompt-", "resource-"].iter().any(|name| text.contains(name)),
            "{text}"
        );
    }
    assert!(seen > 1_000, "the newest are kept: {seen}");
}
