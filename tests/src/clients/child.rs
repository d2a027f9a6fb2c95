//! Child processes with a bound: a program that runs to its end, and a server over HTTP.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a server may take to start and to stop.
const SERVER_LIMIT: Duration = Duration::from_secs(60);

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether its status was 0.
    pub success: bool,
    /// All of its stdout.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
}

/// Runs a program to its end. One that takes longer than `limit` is killed, and has timed out.
pub(super) async fn output(mut command: Command, limit: Duration) -> io::Result<Ended> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(limit, command.output()).await??;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ended {
        success: output.status.success(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}

/// Hands on no `TOOLWATCH_*` variable of the suite's own, and has servers record in `directory`.
pub(super) fn record_in(command: &mut Command, directory: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOOLWATCH_") {
            command.env_remove(name);
        }
    }
    command.env_remove("DO_NOT_TRACK");
    command.env("TOOLWATCH_LOCAL", "1").env("TOOLWATCH_DIR", directory);
}

/// The server of everything over streamable HTTP, in a process of its own.
#[derive(Debug)]
pub struct HttpServer {
    child: Child,
    url: String,
}

impl HttpServer {
    /// Starts `program` in this mode, with its record in `directory`.
    ///
    /// # Panics
    ///
    /// When the server does not say in time where it listens.
    pub async fn start(program: &str, mode: &str, directory: &Path) -> Self {
        let mut command = Command::new(program);
        command.args([mode, "http"]).stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).kill_on_drop(true);
        record_in(&mut command, directory);
        let mut child = command.spawn().expect("the server starts");
        let stderr = child.stderr.take().expect("a pipe");
        let url = timeout(SERVER_LIMIT, url(stderr)).await.expect("the server listens in time");
        Self { child, url }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes its stdin and waits until it has ended, and its record is complete.
    ///
    /// # Panics
    ///
    /// When the server fails or does not end.
    pub async fn stop(mut self) {
        drop(self.child.stdin.take());
        let ended = timeout(SERVER_LIMIT, self.child.wait()).await;
        let status = ended.expect("the server ends in time").expect("it has a status");
        assert!(status.success(), "the server failed: {status}");
    }
}

/// Reads stderr up to the address, and goes on reading it so that the server never blocks.
async fn url(stderr: tokio::process::ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let mut before = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(url) = line.strip_prefix("listening on ") {
            let url = url.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return url;
        }
        before.push(line);
    }
    panic!("the server ended before it listened:\n{}", before.join("\n"));
}
