//! What each destination and each reader adds to a watched call, and all of them at once, as a share
//! of what the spool alone adds.
//!
//! Every subject is a process of its own, with a server on a thread and a raw driver over duplex.
//! They take turns; receivers are in another process. A round makes its calls, has Prometheus look
//! once where that is on, and waits until every destination has taken everything. Two costs are
//! told: that of the server's thread, and that of the whole process without the driver, which has
//! the senders, exporters and writers in it.
//!
//! First with batches of more events than a round has calls: senders sleep while calls are made, so
//! that the server's thread shows what a call itself pays. Then with the default of 50 events: on a
//! machine of few cores the senders' work is then felt by calls as well, in their caches.
//!
//! `--only SUBJECT --count N` makes N calls of one subject and nothing else, for a profiler.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use toolwatch::Watch;
use toolwatch_bench::clock;
use toolwatch_bench::everything::{Endpoints, SUBJECTS, build, settle};
use toolwatch_bench::rounds::{Costs, interleave_all};
use toolwatch_bench::server::{Routed, plain, watched};
use toolwatch_bench::settings::Settings;
use toolwatch_bench::table::{self, Bar};
use toolwatch_bench::thread::ServerThread;

/// Calls of a round.
const CALLS: usize = 512;

fn main() {
    let settings = Settings::from_args();
    match (settings.value("--subject"), settings.value("--only")) {
        (Some(subject), _) => serve(subject, &Endpoints::of(settings.value("--urls").expect("addresses"))),
        (None, Some(subject)) => {
            let count = settings.value("--count").and_then(|count| count.parse().ok()).unwrap_or(1_000);
            profile(subject, count);
        }
        (None, None) => measure(&settings),
    }
}

/// The server of a subject, beside the watch that it is under.
fn start(subject: &str, directory: &Path, endpoints: &Endpoints) -> (ServerThread, Watch) {
    let watch = build(subject, directory, endpoints);
    let of_server = watch.clone();
    let server = match watch.is_enabled() {
        true => ServerThread::start("server", move || of_server.wrap(watched::Server::new())),
        false => ServerThread::start("server", plain::Server::new),
    };
    let mut server = server.expect("a server");
    let reply = server.driver.sample().expect("a reply");
    assert!(reply.contains("20 hits in guides/handlers for 3 terms"), "{reply}");
    (server, watch)
}

/// Makes calls of one subject only, with receivers in the same process.
fn profile(subject: &str, count: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let endpoints = Endpoints::start();
    let (mut server, watch) = start(subject, directory.path(), &endpoints);
    server.driver.call(count, 1).expect("replies");
    settle(&watch);
}

/// Makes a round for each line of stdin, a number of calls and how many are under way, and answers
/// with what they cost the server's thread and the process, in nanoseconds.
fn serve(subject: &str, endpoints: &Endpoints) {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut server, watch) = start(subject, directory.path(), endpoints);
    settle(&watch);
    let mut line = String::new();
    while std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0) {
        let numbers: Vec<usize> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [calls, depth] = numbers[..] else { panic!("{line}") };
        let others = || clock::process_cpu() - clock::thread_cpu();
        let before = (server.cpu(), others());
        server.driver.call(calls, depth).expect("replies");
        let caller = server.cpu() - before.0;
        settle(&watch);
        println!("{} {}", caller.as_nanos(), (others() - before.1).as_nanos());
        line.clear();
    }
}

/// A subject in its process.
struct Subject {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it writes to stderr.
    lines: PathBuf,
}

impl Subject {
    fn start(name: &str, urls: &str, lines: &Path, batch: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the program's own path"));
        // The structured log's lines go to a file, as a supervisor has it.
        let stderr = std::fs::File::create(lines).expect("a file for lines");
        command.args(["--subject", name, "--urls", urls]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        command.env("TOOLWATCH_MAX_BATCH_SIZE", batch.to_string());
        let mut child = command.spawn().expect("a process");
        let (orders, answers) = (child.stdin.take().expect("stdin"), child.stdout.take().expect("stdout"));
        Self { child, orders, answers: BufReader::new(answers), lines: lines.to_owned() }
    }

    /// Nanoseconds of a call on the server's thread, and of the process.
    fn round(&mut self, calls: usize, depth: usize) -> [f64; 2] {
        writeln!(self.orders, "{calls} {depth}").expect("the subject runs");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the subject runs");
        let numbers: Vec<f64> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [caller, process] = numbers[..] else { panic!("a subject has ended: {}", self.last_lines()) };
        [caller, process].map(|nanos| nanos / calls as f64)
    }

    fn last_lines(&self) -> String {
        let text = std::fs::read_to_string(&self.lines).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn end(self) {
        let Self { mut child, orders, .. } = self;
        drop(orders);
        assert!(child.wait().is_ok_and(|status| status.success()), "a subject failed");
    }
}

fn measure(settings: &Settings) {
    let (home, endpoints) = (tempfile::tempdir().expect("a directory"), Endpoints::start());
    let urls = endpoints.urls.join(",");
    for (senders, batch, bar) in [("senders asleep", 1_000, Bar::AtMost(2.0)), ("senders at work", 50, Bar::None)] {
        let start = |(at, name): (usize, &&str)| Subject::start(name, &urls, &home.path().join(at.to_string()), batch);
        let mut subjects: Vec<Subject> = SUBJECTS.iter().enumerate().map(start).collect();
        for (kind, depth) in [("sequential", 1), ("pipelined x64", 64)] {
            for subject in &mut subjects {
                subject.round(CALLS, depth);
            }
            let [caller, process] = interleave_all(&mut subjects, settings.scaled(100), |subject| subject.round(CALLS, depth));
            print(&format!("{senders}, {kind}, server's thread"), &caller, bar);
            print(&format!("{senders}, {kind}, whole process"), &process, Bar::None);
        }
        subjects.into_iter().for_each(Subject::end);
    }
}

/// What each subject adds to an unwatched call, and how much that is of what the spool adds.
fn print(title: &str, costs: &[Costs], bar: Bar) {
    table::head(&format!("{title}: us of CPU per call"), ["quiet round", "added"]);
    let us = |name: &str| SUBJECTS.iter().position(|subject| *subject == name).map_or(f64::NAN, |at| costs[at].quiet() / 1_000.0);
    let unwatched = us("unwatched").min(us("A/A control"));
    let added = |name: &str| us(name) - unwatched;
    for name in SUBJECTS {
        let base = if name.contains("begin records") { "spool only, begin records" } else { "spool only" };
        let bar = if name.starts_with("all on") { bar } else { Bar::None };
        table::row(name, [us(name), added(name)], added(name) / added(base), bar);
    }
    let median = |at: usize| costs[at].median() / 1_000.0;
    let all = SUBJECTS.iter().position(|subject| *subject == "all on").unwrap_or_default();
    let medians = [median(2) - median(0), median(all) - median(0)];
    table::row("all on over spool only, medians, added", medians, medians[1] / medians[0], Bar::None);
}
