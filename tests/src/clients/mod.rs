//! Clients of other makers: the Python and the TypeScript SDK, and the official conformance suite.
//!
//! What they are is pinned by the files of `tests/clients`. They are installed once per machine and
//! pin, with pip and npm, below the folder that the suite hands over. Where that cannot be done
//! because a program or a registry is missing, one line on stderr says so and there is no client;
//! any other failure stops the suite.

mod child;
mod install;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

use child::Ended;
pub use child::HttpServer;

/// How long a client may take. A session takes a second or two; what takes this long hangs.
const CLIENT_LIMIT: Duration = Duration::from_secs(300);

/// What runs a client's scripts.
#[derive(Clone, Debug)]
pub struct Runtime {
    program: PathBuf,
    /// Where the scripts are, beside what they need.
    folder: PathBuf,
}

impl Runtime {
    /// Python with the packages of `requirements.txt`, or nothing and a line that says why.
    ///
    /// # Panics
    ///
    /// When the installation fails for another reason than a missing program or registry.
    pub async fn python(cache: &Path) -> Option<&'static Self> {
        static PYTHON: OnceCell<Option<Runtime>> = OnceCell::const_new();
        PYTHON.get_or_init(|| install::python(cache)).await.as_ref()
    }

    /// The OpenTelemetry collector rotel, or nothing and a line that says why.
    ///
    /// # Panics
    ///
    /// When the installation fails for another reason than a missing program or registry.
    pub async fn rotel(cache: &Path) -> Option<&'static Self> {
        static ROTEL: OnceCell<Option<Runtime>> = OnceCell::const_new();
        ROTEL.get_or_init(|| install::rotel(cache)).await.as_ref()
    }

    /// The program itself.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Node with the packages of `package-lock.json`, or nothing and a line that says why.
    ///
    /// # Panics
    ///
    /// When the installation fails for another reason than a missing program or registry.
    pub async fn node(cache: &Path) -> Option<&'static Self> {
        static NODE: OnceCell<Option<Runtime>> = OnceCell::const_new();
        NODE.get_or_init(|| install::node(cache)).await.as_ref()
    }

    /// Runs a script to its end and returns what it printed.
    ///
    /// The server's record goes to `directory`; no other `TOOLWATCH_*` variable is handed on.
    ///
    /// # Panics
    ///
    /// When the script fails or hangs, with what it wrote to stderr.
    pub async fn run(&self, script: &str, arguments: &[&str], directory: &Path) -> String {
        let ended = self.finish(script, arguments, directory).await;
        assert!(ended.success, "{script} {arguments:?} failed:\n{}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Runs a script to its end, however it ends.
    ///
    /// # Panics
    ///
    /// When the script cannot be started or hangs.
    pub async fn finish(&self, script: &str, arguments: &[&str], directory: &Path) -> Ended {
        let mut command = Command::new(&self.program);
        command.arg(self.folder.join(script)).args(arguments);
        child::record_in(&mut command, directory);
        child::output(command, CLIENT_LIMIT).await.expect("the script ends in time")
    }
}
