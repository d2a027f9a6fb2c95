//! A round over stdio, with the wrapped server in a process of its own: one that is killed while a
//! request is under way, and one that reports it and then serves every operation.

use std::error::Error;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::stdio;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use toolwatch::Watch;
use toolwatch::testing::{Received, Receiver};

use super::author::{self, Told};
use super::drive::Drive;
use super::fixed::{self, Fixed};
use super::messages::request;
use super::operations::{Maker, REPORT};
use super::script::End;
use super::server::Whole;
use super::tools::wrap;
use super::wire::Wire;
use crate::canary::logs;
use crate::canary::needle::{Kind, Needles};
use crate::canary::sinks::Sinks;
use crate::canary::verdict::{self, Verdict};
use crate::wrapped::Era;

/// Serves in the child: `canary_child session|stateless`.
///
/// # Errors
///
/// When it cannot be served.
pub async fn serve() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (fixed, told) = (Fixed::of_environment(), Told::default());
    let builder = Watch::builder().server("canary-child", "1.2.3").missing_tool_report(REPORT);
    let watch = author::plug(builder, &told, &fixed).build()?;
    let server = Whole::new(&watch, fixed, &told);
    wrap(&server, true).serve(stdio()).await?.waiting().await?;
    watch.flush(Duration::from_secs(2));
    let (manifest, watched) = (watch.manifest(), wrap(&server, true));
    let check = watched.self_check();
    eprintln!("{watch:?}{watched:?}{manifest:?}{manifest}{check:?}{check}{:?}", watch.stats());
    drop((watch, watched));
    eprint!("{}{}", told.text(), logs::take());
    Ok(())
}

/// A child and what it says on stderr.
struct Running {
    child: Child,
    stderr: JoinHandle<io::Result<Vec<u8>>>,
}

/// Runs the round with this program as the server.
///
/// # Errors
///
/// When the suite's own machinery fails; never because of a leak.
pub fn run(program: &str, seed: u64) -> Result<Verdict, Box<dyn Error>> {
    let (mut needles, mut sinks) = (Needles::new(seed), Sinks::default());
    let (directory, receiver) = (tempfile::tempdir()?, Receiver::start()?);
    let (fixed, schema) = Fixed::plant(&mut needles);
    let api_key = needles.word(Kind::ApiKey, "the API key");
    let variables = [
        ("TOOLWATCH_ENDPOINT", receiver.endpoint()),
        ("TOOLWATCH_DIR", directory.path().to_string_lossy().into_owned()),
        ("TOOLWATCH_API_KEY", api_key),
        ("TOOLWATCH_LOCAL", "1".to_owned()),
        ("TOOLWATCH_DEBUG", "1".to_owned()),
        ("TOOLWATCH_LOG", "stderr".to_owned()),
        ("TOOLWATCH_METRICS_RESOURCE", "1".to_owned()),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20".to_owned()),
        ("TOOLWATCH_BEGIN_RECORDS", "1".to_owned()),
        (fixed::VARIABLE, fixed.to_text()),
    ];
    let mut drive = Drive {
        era: Era::Session,
        needles: &mut needles,
        schema: &schema,
        inside: None,
        spool: directory.path().to_owned(),
        turn: 0,
        is_http: false,
        is_routed: true,
        sinks: &mut sinks,
    };
    let start = || start(program, &variables);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (killed, ended) = runtime.block_on(async {
        let killed = die(&mut drive, start()?).await?;
        Ok::<_, io::Error>((killed, live(&mut drive, start()?).await?))
    })?;
    let key = std::fs::read(directory.path().join("key"))?;
    needles.secret(Kind::InstallKey, "the install key", &key);
    collect(&mut sinks, directory.path(), &receiver, [killed, ended])?;
    Ok(verdict::judge(&needles, &sinks))
}

fn start(program: &str, variables: &[(&str, String)]) -> io::Result<(Running, Wire)> {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
        command.env_remove(name);
    }
    let variables = variables.iter().map(|(name, value)| (name, value));
    command.arg("whole").envs(variables).env("RUST_BACKTRACE", "0").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let missing = || io::Error::other("a pipe of the child is missing");
    let stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let mut stderr = child.stderr.take().ok_or_else(missing)?;
    let stderr = tokio::spawn(async move {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).await.map(|_| said)
    });
    Ok((Running { child, stderr }, Wire::pipe(stdout, stdin)))
}

/// Kills the server while a request is under way.
async fn die(
    drive: &mut Drive<'_>,
    (mut running, mut wire): (Running, Wire),
) -> io::Result<Vec<u8>> {
    drive.open(&mut wire).await?;
    let (turn, tool, is_http) = (1_000, "plain", false);
    let mut maker = Maker { needles: drive.needles, schema: drive.schema, turn, tool, is_http };
    let message = request("tools/call", End::Wait, drive.era, &mut maker);
    wire.send(&message, drive.needles).await?;
    drive.under_way(0).await?;
    running.child.kill().await?;
    running.stderr.await?
}

/// Makes every request of a server that ends in order.
async fn live(
    drive: &mut Drive<'_>,
    (mut running, mut wire): (Running, Wire),
) -> io::Result<Vec<u8>> {
    drive.open(&mut wire).await?;
    drive.run(&mut wire, &End::ALL).await?;
    wire.close(drive.needles).await?;
    running.child.wait().await?;
    running.stderr.await?
}

fn collect(
    sinks: &mut Sinks,
    directory: &Path,
    receiver: &Receiver,
    stderr: [Vec<u8>; 2],
) -> Result<(), Box<dyn Error>> {
    let events: Vec<Value> = receiver.requests().iter().flat_map(Received::events).collect();
    let is_interrupted = |event: &Value| event["attributes"]["outcome"] == "interrupted";
    if !events.iter().any(is_interrupted) {
        return Err("the request that died with its server was not reported".into());
    }
    let says = |bytes: &[u8]| bytes.windows(10).any(|bytes| bytes == b"toolwatch:");
    if !stderr.iter().all(|bytes| says(bytes)) {
        return Err("a child says nothing on stderr although debug is on".into());
    }
    for bytes in stderr {
        sinks.add("stderr", bytes);
    }
    sinks.add_directory("spool of the child", directory)?;
    sinks.add_requests(&receiver.requests());
    Ok(())
}
