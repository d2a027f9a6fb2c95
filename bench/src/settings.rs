//! How long a bench runs, and in which of its modes.

/// The arguments of a bench's command line.
pub struct Settings {
    arguments: Vec<String>,
}

impl Settings {
    /// Reads the command line.
    pub fn from_args() -> Self {
        Self { arguments: std::env::args().skip(1).collect() }
    }

    /// A count for a full run, a tenth of it with `--quick`.
    pub fn scaled(&self, full: usize) -> usize {
        if self.has("--quick") { (full / 10).max(1) } else { full }
    }

    /// Whether the flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.arguments.iter().any(|argument| argument == flag)
    }

    /// The value after the flag.
    pub fn value(&self, flag: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|argument| argument == flag)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    /// Runs this program again with `--mode mode` and the same arguments, one process per mode:
    /// there is one installed watch per process.
    pub fn run_mode(&self, mode: &str) {
        let program = std::env::current_exe().expect("the program's own path");
        let status = std::process::Command::new(program).args(["--mode", mode]).args(&self.arguments).status();
        assert!(status.is_ok_and(|status| status.success()), "the mode {mode} failed");
    }
}
