//! A round over stdio, with a server in a process of its own: what it writes to stderr, and what
//! it writes to stdout that is not the protocol.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwatch::testing::{Receiver, Reply};

use super::needle::{Kind, Needles};
use super::sinks::Sinks;
use super::verdict::{self, Verdict};
use crate::raw::RawServer;

/// The variable that names the leak to plant.
const PLANT: &str = "CANARY_PLANT";

/// The tools of the fixture that answer at once.
const ANSWERING: [&str; 9] =
    ["echo", "answer", "raw", "fail", "protocol_fail", "ask", "task", "blocks", "no_such_tool"];

/// Runs the round with this program as the server.
///
/// # Errors
///
/// When the suite's own machinery fails; never because of a leak.
pub fn run(program: &str, seed: u64, leak: Option<&str>) -> Result<Verdict, Box<dyn Error>> {
    let mut needles = Needles::new(seed);
    let directory = tempfile::tempdir()?;
    let receiver = Receiver::start()?;
    let complaint = needles.word(Kind::Error, "what the endpoint answers");
    receiver.script([Reply::status(401).body(complaint), Reply::reset()]);
    let mut variables = variables(&mut needles);
    variables.push(("TOOLWATCH_ENDPOINT", receiver.endpoint()));
    variables.push(("TOOLWATCH_DIR", directory.path().to_string_lossy().into_owned()));
    variables.extend(leak.map(|leak| (PLANT, leak.to_owned())));
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = RawServer::start(program, &[], &variables)?;
    server.initialize()?;
    let install_key = std::fs::read(directory.path().join("key"))?;
    needles.secret(Kind::InstallKey, "the install key", &install_key);
    session(&mut server, &mut needles)?;
    let mut sinks = Sinks::default();
    during_a_call(&mut server, &mut needles, directory.path(), &mut sinks)?;
    let (stdout, stderr) = server.close()?;
    if !stderr.windows(10).any(|bytes| bytes == b"toolwatch:") {
        return Err("the child says nothing on stderr although debug is on".into());
    }
    sinks.add("stderr", stderr);
    sinks.add("stdout beside the protocol", beside_the_protocol(&stdout));
    sinks.add_directory("spool of the child", directory.path())?;
    sinks.add_requests(&receiver.requests());
    Ok(verdict::judge(&needles, &sinks))
}

/// Right settings, and wrong ones whose values must not be repeated.
fn variables(needles: &mut Needles) -> Vec<(&'static str, String)> {
    let mut wrong = |name| (name, needles.word(Kind::Context, name));
    let mut variables = vec![
        wrong("TOOLWATCH_SAMPLE_RATE"),
        wrong("TOOLWATCH_INTENT"),
        wrong("TOOLWATCH_MAX_BATCH_SIZE"),
        wrong("TOOLWATCH_LENGTHS"),
        wrong("CANARY_SECRET_OF_THE_HOST"),
    ];
    variables.push(("TOOLWATCH_API_KEY", needles.word(Kind::ApiKey, "the API key")));
    for (name, value) in [
        ("TOOLWATCH_LOCAL", "1"),
        ("TOOLWATCH_DEBUG", "1"),
        ("TOOLWATCH_LOG", "stderr"),
        ("TOOLWATCH_FLUSH_INTERVAL_MS", "20"),
        ("TOOLWATCH_BEGIN_RECORDS", "1"),
    ] {
        variables.push((name, value.to_owned()));
    }
    variables
}

/// Calls every tool with needles, rightly and wrongly.
fn session(server: &mut RawServer, needles: &mut Needles) -> Result<(), Box<dyn Error>> {
    for tool in ANSWERING {
        server.call(tool, query(tool, needles))?;
        let wrong = json!({
            "text": { needles.text(Kind::Argument, "wrong key"): needles.value(Kind::Argument, "wrong type") },
            needles.text(Kind::Argument, "unknown key"): needles.value(Kind::Argument, "unknown key's value"),
        });
        server.call(tool, wrong)?;
    }
    server.call(&needles.word(Kind::Argument, "an unknown tool's name"), json!({}))?;
    let method = needles.word(Kind::Argument, "an unknown method");
    let id = server
        .send_request(&method, json!({ "x": needles.text(Kind::Argument, "its parameter") }))?;
    server.read_reply(id)?;
    server.send_call("panic", query("panic", needles))?;
    let id = server.send_call("wait", with_times(query("wait", needles), 1_000))?;
    let reason = needles.text(Kind::Error, "the reason of a cancellation");
    let params = json!({ "requestId": id, "reason": reason });
    server.send(
        &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }),
    )?;
    server.call("nothing", json!({}))?;
    Ok(())
}

/// Collects the spool while a call is under way, which a begin record tells.
fn during_a_call(
    server: &mut RawServer,
    needles: &mut Needles,
    directory: &Path,
    sinks: &mut Sinks,
) -> Result<(), Box<dyn Error>> {
    const NAME: &str = "spool during a call";
    // On a busy machine a call may be over before its record was looked at: then there is another.
    for _ in 0..10 {
        let id = server.send_call("wait", with_times(query("wait", needles), 5_000))?;
        let deadline = Instant::now() + Duration::from_millis(4_500);
        let mut is_seen = false;
        while !is_seen && Instant::now() < deadline {
            let mut seen = Sinks::default();
            seen.add_directory(NAME, directory)?;
            let is_begun =
                |bytes: &[u8]| bytes.windows(13).any(|window| window == b"\"interrupted\"");
            is_seen =
                seen.0.iter().any(|sink| sink.name.ends_with(".begun") && is_begun(&sink.bytes));
            if is_seen {
                sinks.0.append(&mut seen.0);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        server.read_reply(id)?;
        if is_seen {
            return Ok(());
        }
    }
    Err("the call has no begin record".into())
}

fn query(tool: &str, needles: &mut Needles) -> Value {
    let mut plant = |member: &str| needles.text(Kind::Argument, &format!("{member} of {tool}"));
    json!({
        "text": plant("text"),
        "without": [plant("an item"), plant("an item")],
        "place": { "countryCode": plant("a nested member"), "labels": { plant("a map's key"): plant("a map's value") } },
    })
}

fn with_times(mut query: Value, times: u32) -> Value {
    query["times"] = times.into();
    query
}

fn beside_the_protocol(stdout: &[u8]) -> Vec<u8> {
    let is_protocol = |line: &&[u8]| {
        serde_json::from_slice::<Value>(line).is_ok_and(|message| message["jsonrpc"] == "2.0")
    };
    let lines = stdout.split(|byte| *byte == b'\n').filter(|line| !is_protocol(line));
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// Plants the leak that the environment names.
#[cfg(feature = "planted-leaks")]
pub fn plant_from_environment() {
    use toolwatch::testing::leak::{Leak, plant};
    let named = std::env::var(PLANT).unwrap_or_default();
    plant(Leak::ALL.iter().copied().find(|leak| format!("{leak:?}") == named));
}
