//! Tools that make processes, which live on when the server is killed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use toolwatch::testing::{Receiver, Reply};
use toolwatch_tests::oracle::Oracle;
use toolwatch_tests::raw::RawServer;
use toolwatch_tests::stored::{Doubles, Stored};
use toolwatch_tests::victim::{Starter, segments, wait_until};

use super::starter;

const CALLS: u64 = 100;
/// What a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with a child, and everything that is known of the two.
struct Family {
    directory: TempDir,
    receiver: Receiver,
    /// Takes nothing, so that who sends to it rests for five minutes.
    refusing: Receiver,
    stored: std::sync::Arc<Stored>,
    oracle: Oracle,
}

impl Family {
    fn new() -> Self {
        let (receiver, stored) = Stored::receive().expect("a receiver");
        let refusing = Receiver::start().expect("a receiver");
        refusing.always(Reply::status(401));
        let directory = tempfile::tempdir().expect("a directory");
        Self { directory, receiver, refusing, stored, oracle: Oracle::default() }
    }

    fn starter(&self) -> Starter<'_> {
        starter(env!("CARGO_BIN_EXE_forker"), self.directory.path(), &self.receiver)
    }

    /// A server whose events stay on the disk, so that the next one has to find them.
    fn start(&self) -> RawServer {
        let mut starter = self.starter();
        starter.sinks.endpoint = Some(self.refusing.endpoint());
        let mut server = starter.start().expect("a server");
        server.initialize().expect("the handshake");
        server
    }

    fn call(&self, server: &mut RawServer) {
        let (ids, lines) = self.oracle.calls(CALLS);
        server.send_lines(&lines).expect("calls");
        for _ in ids {
            self.oracle.saw(server.read_line().expect("a reply").as_bytes());
        }
    }

    /// The file that ends a child.
    fn gate(&self) -> std::path::PathBuf {
        self.directory.path().join("gate")
    }

    /// Has the server fork while its sender rests, and returns the child's id. A lock that a sender
    /// holds at that moment would keep the parent's segments as long as the copy lives.
    fn fork(&self, server: &mut RawServer, does: &str) -> u32 {
        assert!(self.refusing.wait_for_requests(1, PATIENCE), "the sender is refused");
        self.call(server);
        child(server, "fork", json!({ "does": does, "until": self.gate() }))
    }

    /// Ends a child, and returns how many events it has recorded.
    fn end_child(&self) -> usize {
        std::fs::write(self.gate(), "").expect("the gate opens");
        let told = self.gate().with_extension("recorded");
        assert!(wait_until(|| std::fs::read_to_string(&told).is_ok_and(|text| !text.is_empty())));
        std::fs::read_to_string(&told).expect("a number").parse().expect("a number")
    }

    /// Whether one more process finds everything that was replied to.
    fn is_drained(&self) -> bool {
        self.starter().drain(&self.oracle, &self.stored).expect("a last process")
    }

    /// What must hold of a family in the end.
    fn assert_whole(&self, what: &str, from_child: usize) {
        self.stored.assert_accounts();
        let (replied, child) = (self.oracle.replied(), self.stored.named("from_child"));
        let lost = self.stored.missing(&replied).len();
        println!(
            "{what}: {} replied, {lost} lost, {} of {from_child} events of the child, {} sent again",
            replied.len(),
            child,
            self.stored.doubles().events
        );
        assert_eq!((lost, self.stored.calls_with_two_events()), (0, 0));
        assert_eq!(child, from_child, "events of the child");
        assert_eq!(self.stored.doubles(), Doubles::default());
        assert_eq!(segments(self.directory.path()), 0);
    }
}

/// Calls a tool that makes a process, and returns the process id.
fn child(server: &mut RawServer, tool: &str, arguments: Value) -> u32 {
    let reply = server.call(tool, arguments).expect("a reply");
    let reply: Value = serde_json::from_str(&reply).expect("JSON");
    let text = reply["result"]["content"][0]["text"].as_str().expect("a text");
    text.parse().expect("a process id")
}

fn is_alive(id: u32) -> bool {
    // One that has ended and that nobody has waited for has no memory any more.
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"));
    status.is_ok_and(|status| status.contains("VmRSS"))
}

fn kill(id: u32) {
    let killed = Command::new("kill").args(["-KILL", &id.to_string()]).status();
    assert!(killed.expect("kill").success());
}

#[test]
fn a_program_that_a_tool_started_holds_no_segment() {
    let family = Family::new();
    let mut server = family.start();
    family.call(&mut server);
    let program = child(&mut server, "exec", json!({}));
    family.call(&mut server);
    server.kill().expect("the server dies");
    let (drained, alive) = (family.is_drained(), is_alive(program));
    kill(program);
    assert!(drained && alive, "drained: {drained}, the program lives: {alive}");
    family.assert_whole("a program that lives on", 0);
}

#[test]
fn a_copy_made_by_fork_keeps_its_parents_events_until_it_ends_and_loses_none() {
    let family = Family::new();
    let mut server = family.start();
    family.call(&mut server);
    let copy = family.fork(&mut server, "nothing");
    family.call(&mut server);
    server.kill().expect("the server dies");
    assert!(is_alive(copy));
    family.end_child();
    assert!(wait_until(|| !is_alive(copy)));
    assert!(family.is_drained());
    family.assert_whole("an idle copy", 0);
}

#[test]
fn a_copy_made_by_fork_records_in_segments_of_its_own() {
    let family = Family::new();
    let mut server = family.start();
    family.call(&mut server);
    let copy = family.fork(&mut server, "record");
    family.call(&mut server);
    family.call(&mut server);
    server.kill().expect("the server dies");
    // The copy has let go of its parent's segments, and holds those that it has made.
    let is_stored = || family.stored.missing(&family.oracle.replied()).is_empty();
    let sender = family.starter().start().expect("a server");
    let early = wait_until(is_stored);
    let alive = is_alive(copy);
    sender.close().expect("a clean end");
    let recorded = family.end_child();
    assert!(early && alive, "stored while the copy lives: {early}, it lives: {alive}");
    assert!(wait_until(|| !is_alive(copy)));
    assert!(recorded > 0 && family.is_drained());
    family.assert_whole("a copy that records", recorded);
}

#[test]
fn a_copy_made_by_fork_that_shuts_its_watch_down_changes_nothing_for_its_parent() {
    let family = Family::new();
    let mut server = family.start();
    family.call(&mut server);
    let copy = family.fork(&mut server, "shut_down");
    family.call(&mut server);
    let recorded = family.end_child();
    assert!(wait_until(|| !is_alive(copy)));
    family.call(&mut server);
    server.kill().expect("the server dies");
    assert!(recorded > 0 && family.is_drained());
    family.assert_whole("a copy that shuts its watch down", recorded);
}

#[test]
fn a_server_that_ends_cleanly_leaves_its_segments_to_others_while_a_copy_of_it_lives() {
    let family = Family::new();
    let mut server = family.start();
    family.call(&mut server);
    let copy = family.fork(&mut server, "nothing");
    family.call(&mut server);
    server.close().expect("a clean end");
    let (drained, alive) = (family.is_drained(), is_alive(copy));
    family.end_child();
    assert!(drained && alive, "drained: {drained}, the copy lives: {alive}");
    family.assert_whole("a copy that outlives a clean end", 0);
}
