//! The process that makes the events, and what it takes of memory and disk meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// The process.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(endpoint: &str, directory: &Path, variables: &[(&str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_burst"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
            command.env_remove(name);
        }
        command
            .env("TOOLWATCH_ENDPOINT", endpoint)
            .env("TOOLWATCH_API_KEY", "key")
            .env("TOOLWATCH_DIR", directory)
            .env("TOOLWATCH_FLUSH_INTERVAL_MS", "20")
            // A batch that a busy machine answers late must not be sent twice.
            .env("TOOLWATCH_HTTP_TIMEOUT_MS", "600000");
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the process starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdin, stdout }
    }

    /// Gives it a command and waits for its numbers, which must be in balance.
    pub(crate) fn ask(&mut self, command: &str) -> Value {
        let stdin = self.stdin.as_mut().expect("it is running");
        writeln!(stdin, "{command}").expect("it listens");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("numbers");
        assert_eq!(answer["balanced"], true, "{answer}");
        assert_eq!(answer["failed"], 0, "a call did not get its reply: {answer}");
        answer
    }

    /// Forgets the peak of the resident memory, and returns what is resident now, in KiB.
    pub(crate) fn forget_peak(&self) -> u64 {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("forgotten");
        self.peak_kib()
    }

    /// The peak of the resident memory since it was last forgotten, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Closes its stdin and waits for its end.
    pub(crate) fn close(mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().expect("it ends").success());
    }
}

/// Looks every millisecond how much a directory holds.
pub(crate) struct DiskWatch {
    peak: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    looking: JoinHandle<()>,
}

impl DiskWatch {
    pub(crate) fn start(directory: &Path) -> Self {
        let (peak, ended) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (seen, over, directory) =
            (Arc::clone(&peak), Arc::clone(&ended), PathBuf::from(directory));
        let looking = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                seen.fetch_max(bytes(&directory), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Self { peak, ended, looking }
    }

    /// The most that was there, in bytes.
    pub(crate) fn end(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        self.looking.join().expect("the disk was watched");
        self.peak.load(Ordering::Relaxed)
    }
}

/// What the directory's files hold.
pub(crate) fn bytes(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    // A file that vanishes under the listing is none.
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}
