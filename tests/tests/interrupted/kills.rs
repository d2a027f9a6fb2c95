//! 60 servers are killed at random moments, times `TOOLWATCH_TEST_SCALE`.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use toolwatch_tests::canary::random::Random;
use toolwatch_tests::raw::RawServer;

use super::{begun_files, length, records, start, start_and_end};

/// What was sent to servers that were killed, by the length of its text.
#[derive(Default)]
struct Sent {
    calls: u64,
    replied: Vec<u64>,
}

impl Sent {
    fn send(&mut self, server: &mut RawServer, times: usize) -> u64 {
        self.calls += 1;
        let text = "x".repeat(usize::try_from(self.calls).expect("a small number"));
        server.send_call("wait", json!({ "text": text, "times": times })).expect("a call")
    }

    /// Sends some calls to a server and kills it at some moment.
    fn kill_one(&mut self, directory: &Path, random: &mut Random) {
        let mut server = start(directory, &[]);
        server.initialize().expect("the handshake");
        let mut ids = HashMap::new();
        // The first call of a server takes long: it compiles the schema of its tool.
        let first = self.send(&mut server, 0);
        server.read_reply(first).expect("a reply");
        self.replied.push(self.calls);
        for _ in 0..8 {
            let id = self.send(&mut server, random.below(8));
            ids.insert(id, self.calls);
        }
        std::thread::sleep(Duration::from_micros(random.below(12_000) as u64));
        let stdout = server.kill_and_read().expect("the server dies");
        // The last line may be a part of one.
        let lines = stdout.split_inclusive(|&byte| byte == b'\n');
        for line in lines.filter(|line| line.ends_with(b"\n")) {
            let reply: Value = serde_json::from_slice(line).expect("a line of JSON");
            self.replied.extend(reply["id"].as_u64().and_then(|id| ids.get(&id)));
        }
    }
}

#[test]
fn a_kill_at_any_moment_gives_every_call_at_most_one_event_and_every_reply_its_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let seed = std::process::id().into();
    let (mut random, mut sent) = (Random::new(seed), Sent::default());
    let kills = 60 * toolwatch_tests::scale();
    for round in 0..kills {
        sent.kill_one(directory.path(), &mut random);
        if round % 3 == 0 {
            // One that dies while it starts, and so while it reports.
            let server = start(directory.path(), &[]);
            std::thread::sleep(Duration::from_micros(random.below(20_000) as u64));
            server.kill().expect("the server dies");
        }
    }
    start_and_end(directory.path(), &[]);
    let mut events: HashMap<u64, Vec<String>> = HashMap::new();
    for record in records(directory.path()) {
        let outcome = record.attributes.outcome.clone().expect("an outcome");
        events.entry(length(&record)).or_default().push(outcome);
    }
    let doubled: Vec<_> = events.iter().filter(|(_, outcomes)| outcomes.len() != 1).collect();
    let is_ok = |call: &&u64| events.get(call).is_some_and(|outcomes| *outcomes == ["ok"]);
    let wrong: Vec<_> = sent.replied.iter().filter(|call| !is_ok(call)).collect();
    let interrupted = events.values().flatten().filter(|outcome| *outcome == "interrupted").count();
    println!(
        "begin records, seed {seed}: {kills} kills, {} calls sent, {} replied, {} events, {interrupted} interrupted, \
         {} doubled, {} replied and wrong",
        sent.calls,
        sent.replied.len(),
        events.len(),
        doubled.len(),
        wrong.len()
    );
    assert!(doubled.is_empty(), "more than one event: {doubled:?}");
    assert!(wrong.is_empty(), "replied calls without their one event: {wrong:?}");
    assert!(events.values().flatten().all(|outcome| outcome == "ok" || outcome == "interrupted"));
    assert!(!sent.replied.is_empty() && interrupted > 0, "both were seen");
    assert_eq!(begun_files(directory.path()), 0);
}
