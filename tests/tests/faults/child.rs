//! A watched server as a child process, for faults that are the whole process's.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;
use toolwatch::testing::Receiver;

use crate::here::PATIENCE;
use crate::row::{self, Numbers};
use crate::session::{Session, twin};

/// How a child is to be started.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// Programs that run the server in their turn, such as `prlimit`, with their arguments.
    pub(crate) launcher: Vec<OsString>,
    pub(crate) variables: Vec<(&'static str, OsString)>,
    pub(crate) stderr: Stdio,
}

impl Plan {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, launcher: Vec::new(), variables: Vec::new(), stderr: Stdio::null() }
    }

    pub(crate) fn through<T: Into<OsString>>(
        mut self,
        launcher: impl IntoIterator<Item = T>,
    ) -> Self {
        self.launcher.extend(launcher.into_iter().map(Into::into));
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}

/// The server, its client, its control and where its events go.
pub(crate) struct Served {
    name: &'static str,
    child: tokio::process::Child,
    control: BufReader<TcpStream>,
    pub(crate) session: Session,
    pub(crate) receiver: Receiver,
    pub(crate) home: tempfile::TempDir,
    rounds: usize,
}

impl Served {
    pub(crate) async fn start(plan: Plan) -> Self {
        Self::start_after(plan, |_| {}).await
    }

    /// Starts a child; what is to be done to it before its watch and its server start is done to the
    /// process with this id.
    pub(crate) async fn start_after(plan: Plan, prepare: impl FnOnce(u32)) -> Self {
        let receiver = Receiver::start().expect("a receiver");
        let home = tempfile::tempdir().expect("a directory");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let program = OsString::from(env!("CARGO_BIN_EXE_faulty"));
        let address = listener.local_addr().expect("an address").to_string();
        let mut words = plan.launcher.into_iter().chain([program, address.into()]);
        let mut command = Command::new(words.next().expect("a program"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
            command.env_remove(name);
        }
        command
            .args(words)
            .env("TOOLWATCH_ENDPOINT", receiver.endpoint())
            .env("TOOLWATCH_API_KEY", "key")
            .env("TOOLWATCH_DIR", home.path().join("spool"))
            .env("TOOLWATCH_FLUSH_INTERVAL_MS", "20")
            .env("TOOLWATCH_HTTP_TIMEOUT_MS", "60000")
            .env("RUST_BACKTRACE", "0")
            .envs(plan.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(plan.stderr)
            .kill_on_drop(true);
        let mut child = command.spawn().expect("the server starts");
        let id = child.id().expect("it runs");
        let control = accept(&listener, plan.name).await;
        prepare(id);
        let mut control = BufReader::new(control);
        ask(&mut control, "start");
        let stdout = child.stdout.take().expect("a pipe");
        let stdin = child.stdin.take().expect("a pipe");
        let session = Session::over(stdout, stdin).await;
        Self { name: plan.name, child, control, session, receiver, home, rounds: 0 }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub(crate) fn stderr(&mut self) -> Option<tokio::process::ChildStderr> {
        self.child.stderr.take()
    }

    pub(crate) fn spool(&self) -> std::path::PathBuf {
        self.home.path().join("spool")
    }

    pub(crate) async fn rounds(&mut self, count: usize) {
        self.rounds += count;
        self.session.rounds(count).await;
    }

    /// Gives the child a command and returns its answer.
    pub(crate) fn ask(&mut self, command: &str) -> Value {
        ask(&mut self.control, command)
    }

    /// Runs a shell command in the child's own surroundings.
    pub(crate) fn sh(&mut self, command: &str) {
        let answer = self.ask(&format!("sh {command}"));
        assert_eq!(answer["success"], true, "{}: {command}: {answer}", self.name);
    }

    pub(crate) fn numbers(&mut self) -> Numbers {
        Numbers::of_json(&self.ask("stats"))
    }

    /// Waits until the numbers fit.
    pub(crate) async fn wait_for(&mut self, fits: impl Fn(&Numbers) -> bool) {
        self.rounds_until_with(0, fits).await;
    }

    /// Makes rounds until the numbers fit. A fault that ends is noticed with some delay.
    pub(crate) async fn rounds_until(&mut self, fits: impl Fn(&Numbers) -> bool) {
        self.rounds_until_with(1, fits).await;
    }

    async fn rounds_until_with(&mut self, rounds: usize, fits: impl Fn(&Numbers) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let numbers = self.numbers();
            if fits(&numbers) {
                return;
            }
            assert!(Instant::now() < deadline, "{}: {numbers:?}", self.name);
            tokio::time::sleep(Duration::from_millis(if rounds == 0 { 1 } else { 100 })).await;
            self.rounds(rounds).await;
        }
    }

    /// Flushes, prints the line, and holds what every fault must keep.
    pub(crate) async fn check(&mut self) -> Numbers {
        let deadline = Instant::now() + PATIENCE;
        while self.ask("flush 1000")["spooled"] != 0 && Instant::now() < deadline {}
        self.check_now().await
    }

    /// The same without flushing.
    pub(crate) async fn check_now(&mut self) -> Numbers {
        let numbers = self.numbers();
        let equal = self.session.bytes() == twin(self.rounds).await;
        let (calls, failed) = (self.session.calls, self.session.failed);
        row::print(self.name, calls, failed, equal, &numbers);
        assert_eq!(numbers.get("captured"), calls as u64, "{}: each call has an event", self.name);
        numbers
    }

    /// The same, where the receiver got each event once.
    pub(crate) async fn check_delivered(&mut self) -> Numbers {
        let numbers = self.check().await;
        let calls = self.session.calls as u64;
        assert_eq!(numbers.get("delivered"), calls, "{}: it recovers", self.name);
        let mut ids = self.receiver.event_ids();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len() as u64, calls, "{}: the receiver has them all", self.name);
        numbers
    }

    /// Closes the session and waits for a clean end.
    pub(crate) async fn end(mut self) {
        self.session.client.cancel().await.expect("the client ends");
        let ended = tokio::time::timeout(PATIENCE, self.child.wait());
        assert!(ended.await.expect("in time").expect("an end").success(), "{}", self.name);
    }
}

/// The child's connection. A child that does not come is an error and no hang.
async fn accept(listener: &TcpListener, name: &str) -> TcpStream {
    listener.set_nonblocking(true).expect("no blocking");
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).expect("blocking");
            stream.set_read_timeout(Some(2 * PATIENCE)).expect("a timeout");
            return stream;
        }
        assert!(Instant::now() < deadline, "{name}: the child does not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn ask(control: &mut BufReader<TcpStream>, command: &str) -> Value {
    writeln!(control.get_mut(), "{command}").expect("it listens");
    let mut line = String::new();
    control.read_line(&mut line).expect("it answers");
    let answer: Value = serde_json::from_str(&line).expect("JSON");
    assert!(answer["error"].is_null(), "{command}: {answer}");
    answer
}

/// Whether this command works here.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = std::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a command that must work.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    assert!(works(program, arguments), "{program} {arguments:?}");
}

/// Segments of a spool.
pub(crate) fn segments(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "seg")).collect()
}
