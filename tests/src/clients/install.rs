//! Installs the clients, once for each pin, for all test processes of a machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs4::FileExt;
use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::Runtime;
use super::child::{Ended, output};

/// How long one step of an installation may take; with a registry at hand it takes seconds.
const INSTALL_LIMIT: Duration = Duration::from_secs(600);

/// The oldest versions that the pinned clients run on.
const PYTHON_AT_LEAST: (u32, u32) = (3, 10);
const NODE_AT_LEAST: (u32, u32) = (20, 0);

/// What pip and npm say when they cannot reach a registry, as opposed to one that refuses a pin.
const UNREACHABLE: [&str; 29] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ERR_SOCKET_TIMEOUT",
    "EAI_FAIL",
    "ECONNABORTED",
    "code EPIPE",
    "code E429",
    "code E500",
    "E502",
    "E503",
    "E504",
    "NameResolutionError",
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "ProtocolError",
    "ResponseError",
    "Server Error",
    "403 Client Error",
    "429 Client Error",
    "SSLError",
    "code E403",
    "FETCH_ERROR",
];

/// Why there is no client.
enum Fault {
    /// A program or a registry is missing on this machine.
    Absent(String),
    /// Anything else, which is a fault of the suite.
    Broken(String),
}

pub(super) async fn python(cache: &Path) -> Option<Runtime> {
    told("Python", set_up_python(cache).await)
}

pub(super) async fn node(cache: &Path) -> Option<Runtime> {
    told("TypeScript", set_up_node(cache).await)
}

/// Says on stderr, past the harness that keeps a passing test's output, that tests are skipped.
fn told(what: &str, runtime: Result<Runtime, Fault>) -> Option<Runtime> {
    match runtime {
        Ok(runtime) => Some(runtime),
        Err(Fault::Absent(reason)) => {
            let line = format!("SKIPPED the tests with clients in {what}: {reason}");
            let _ = writeln!(io::stderr().lock(), "\n{line}");
            eprintln!("{line}");
            None
        }
        Err(Fault::Broken(reason)) => panic!("the clients in {what} cannot be installed: {reason}"),
    }
}

async fn set_up_python(cache: &Path) -> Result<Runtime, Fault> {
    let (place, held, program) = packages(cache, "python", "requirements.txt").await?;
    place.copy(&["drive.py", "session.json"])?;
    drop(held);
    Ok(Runtime { program, folder: place.folder })
}

/// The OpenTelemetry collector, a program within a package.
pub(super) async fn rotel(cache: &Path) -> Option<Runtime> {
    told("rotel", set_up_rotel(cache).await)
}

async fn set_up_rotel(cache: &Path) -> Result<Runtime, Fault> {
    let (place, _held, python) = packages(cache, "rotel", "rotel.txt").await?;
    let mut ask = Command::new(&python);
    ask.args(["-c", "import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent)"]);
    let folder = step("the folder of rotel", ask).await?.stdout;
    let program = Path::new(folder.trim()).join("rotel-agent");
    let mut version = Command::new(&program);
    version.arg("--version");
    match step("rotel-agent --version", version).await {
        // It is linked to the interpreter's library, which not every machine has.
        Err(Fault::Broken(said)) if said.contains("libpython") => {
            Err(Fault::Absent("rotel-agent needs libpython3.11".to_owned()))
        }
        Err(fault) => Err(fault),
        Ok(_) => Ok(Runtime { program, folder: place.folder }),
    }
}

/// Pinned packages from PyPI in an environment of their own, held until the file is dropped.
async fn packages(cache: &Path, kind: &str, pins: &str) -> Result<(Place, File, PathBuf), Fault> {
    let version = version_of("python3", PYTHON_AT_LEAST).await?;
    let place = Place::new(cache, kind, &version, pins)?;
    let program = place.folder.join("venv/bin/python");
    let held = place.hold()?;
    if !place.is_ready() {
        place.clear()?;
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(place.folder.join("venv"));
        step("python3 -m venv", venv).await?;
        let mut pip = Command::new(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip.args(["--timeout", "20", "--retries", "2", "--requirement"]);
        pip.arg(place.source(pins));
        step("pip install", pip).await?;
        place.set_ready()?;
    }
    Ok((place, held, program))
}

async fn set_up_node(cache: &Path) -> Result<Runtime, Fault> {
    let version = version_of("node", NODE_AT_LEAST).await?;
    let place = Place::new(cache, "node", &version, "package-lock.json")?;
    let held = place.hold()?;
    if !place.is_ready() {
        place.clear()?;
        place.copy(&["package.json", "package-lock.json"])?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        npm.args(["--fetch-retries=2", "--fetch-retry-mintimeout=1000"]);
        npm.args(["--fetch-retry-maxtimeout=5000", "--fetch-timeout=30000"]);
        npm.current_dir(&place.folder);
        step("npm ci", npm).await?;
        place.set_ready()?;
    }
    place.copy(&["session.json", "session.mjs", "v1.mjs", "v2.mjs", "conformance.mjs"])?;
    drop(held);
    Ok(Runtime { program: PathBuf::from("node"), folder: place.folder })
}

/// The version that a program prints, which must be at least this one.
async fn version_of(program: &str, at_least: (u32, u32)) -> Result<String, Fault> {
    let mut command = Command::new(program);
    command.arg("--version");
    let ended = step(program, command).await?;
    let version = format!("{}{}", ended.stdout, ended.stderr).trim().to_owned();
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = digits.split('.').map(|part| part.parse().unwrap_or(0));
    let found: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < at_least {
        let (major, minor) = at_least;
        return Err(Fault::Absent(format!("{program} {major}.{minor} is needed, not {version}")));
    }
    Ok(version)
}

async fn step(what: &str, command: Command) -> Result<Ended, Fault> {
    match output(command, INSTALL_LIMIT).await {
        Ok(ended) if ended.success => Ok(ended),
        Ok(ended) => Err(judge(what, &format!("{}{}", ended.stdout, ended.stderr))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Fault::Absent(format!("{what} is not installed")))
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let seconds = INSTALL_LIMIT.as_secs();
            Err(Fault::Absent(format!("{what} had not ended after {seconds} s")))
        }
        Err(error) => Err(Fault::Broken(format!("{what}: {error}"))),
    }
}

/// Tells a registry that cannot be reached from one that has not got what is pinned.
fn judge(what: &str, said: &str) -> Fault {
    if let Some(mark) = UNREACHABLE.iter().find(|mark| said.contains(**mark)) {
        return Fault::Absent(format!("{what} reached no registry ({mark})"));
    }
    if said.contains("ensurepip is not available") {
        return Fault::Absent(format!("{what} has no ensurepip"));
    }
    Fault::Broken(format!("{what} said:\n{said}"))
}

/// Where one pin of one kind of client is kept.
struct Place {
    folder: PathBuf,
    lock: PathBuf,
}

impl Place {
    fn new(cache: &Path, kind: &str, version: &str, pins: &str) -> Result<Self, Fault> {
        let pins = fs::read(source(pins)).map_err(broken)?;
        let digest = Sha256::new().chain_update(version).chain_update(pins).finalize();
        let digest: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        fs::create_dir_all(cache).map_err(broken)?;
        let folder = cache.join(format!("{kind}-{digest}"));
        Ok(Self { lock: folder.with_extension("lock"), folder })
    }

    /// Keeps other test processes out until the file is dropped.
    fn hold(&self) -> Result<File, Fault> {
        let file = File::create(&self.lock).map_err(broken)?;
        FileExt::lock(&file).map_err(broken)?;
        Ok(file)
    }

    fn is_ready(&self) -> bool {
        self.folder.join("ready").exists()
    }

    fn set_ready(&self) -> Result<(), Fault> {
        fs::write(self.folder.join("ready"), "").map_err(broken)
    }

    /// Removes what an installation that did not end has left.
    fn clear(&self) -> Result<(), Fault> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(broken)?;
        }
        fs::create_dir_all(&self.folder).map_err(broken)
    }

    fn source(&self, name: &str) -> PathBuf {
        source(name)
    }

    /// Brings the scripts up to date. A file that another process may read is replaced in one step.
    fn copy(&self, names: &[&str]) -> Result<(), Fault> {
        for name in names {
            let text = fs::read(source(name)).map_err(broken)?;
            let target = self.folder.join(name);
            if fs::read(&target).is_ok_and(|there| there == text) {
                continue;
            }
            let new = self.folder.join(format!("{name}.new"));
            fs::write(&new, text).and_then(|()| fs::rename(&new, &target)).map_err(broken)?;
        }
        Ok(())
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}

fn broken(error: io::Error) -> Fault {
    Fault::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Fault, judge};

    #[test]
    fn only_a_registry_that_is_not_reached_is_skipped() {
        let offline = "npm error code EAI_AGAIN\nnpm error request to a registry failed";
        assert!(matches!(judge("npm ci", offline), Fault::Absent(_)));
        let offline = "Retrying after connection broken by 'NewConnectionError(...)'";
        assert!(matches!(judge("pip install", offline), Fault::Absent(_)));
        let busy = "(Caused by ResponseError('too many 503 error responses'))";
        assert!(matches!(judge("pip install", busy), Fault::Absent(_)));
        let gone = "ERROR: No matching distribution found for mcp==99";
        assert!(matches!(judge("pip install", gone), Fault::Broken(_)));
        let differs = "npm error code EINTEGRITY";
        assert!(matches!(judge("npm ci", differs), Fault::Broken(_)));
    }
}
