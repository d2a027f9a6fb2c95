//! The other verifier, kept running: one line in, one line out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::Report;

pub(super) struct Python {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Python {
    /// `None`, and a line that says so, where there is no Python.
    pub(super) fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/audit/verify.py");
        let mut python = Command::new("python3");
        let python = python.args([script, "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        match python.spawn() {
            Ok(mut child) => {
                let stdin = child.stdin.take().unwrap();
                let stdout = BufReader::new(child.stdout.take().unwrap());
                Some(Self { child, stdin, stdout })
            }
            Err(error) => {
                eprintln!("SKIPPED: no python3 for the second verifier: {error}");
                None
            }
        }
    }

    pub(super) fn verify(&mut self, key: &Path, log: &Path, published: Option<&Path>) -> Value {
        let mut words = vec![key.display().to_string(), log.display().to_string()];
        words.extend(published.map(|path| path.display().to_string()));
        writeln!(self.stdin, "{}", words.join("\t")).unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("a report of verify.py")
    }

    /// Both verifiers say the same: the verdict, and each damage with its place and kind.
    #[track_caller]
    pub(super) fn agrees(&mut self, report: &Report, key: &Path, log: &Path, at: Option<&Path>) {
        let other = self.verify(key, log, at);
        let own: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(other["verdict"], own["verdict"], "{other}\n{own}");
        assert_eq!(damages(&other), damages(&own));
    }
}

fn damages(report: &Value) -> Vec<String> {
    let list = report["damages"].as_array().unwrap().iter();
    let places = list.map(|damage| {
        let [writer, segment, line, kind] =
            ["writer_id", "segment", "line", "kind"].map(|name| damage[name].clone());
        format!("{writer}.{segment}.{line} {kind}")
    });
    let mut places: Vec<String> = places.collect();
    places.sort();
    places
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
