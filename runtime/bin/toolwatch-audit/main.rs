//! `toolwatch-audit`: makes the keys of audit logs, verifies logs, and makes checkpoints of them.
//!
//! Data goes to stdout, messages to stderr. Exit codes: 0 intact, or done; 1 damaged; 2 could not
//! run; 3 nothing to verify.

mod args;
mod hints;
mod output;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use args::{Command, Keygen, Verify};
use toolwatch::audit::{Report, Verdict, VerificationKey, Verifier, keygen, keygen_signed};

/// The verification could not run, or the command line is wrong.
const COULD_NOT_RUN: u8 = 2;

/// Why a command could not run. What it says is for the operator.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = args::parse(std::env::args_os().skip(1)).and_then(|command| match command {
        Command::Help => output::print(args::HELP).map(|()| 0),
        Command::Version => {
            output::print(concat!("toolwatch-audit ", env!("CARGO_PKG_VERSION"), "\n")).map(|()| 0)
        }
        Command::Keygen(options) => make_keys(&options),
        Command::Verify(options) => verify(&options),
        Command::Checkpoint(options) => checkpoint(&options),
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::tell(&output::chain(&*error));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn make_keys(options: &Keygen) -> Result<u8, Failure> {
    // The place of the key first: a key that cannot be kept must not begin a log.
    let mut kept = match &options.key {
        Some(path) => Some(create_private(path).map_err(|error| hints::new_key(path, error))?),
        None => None,
    };
    let key = if options.sign { keygen_signed(&options.log) } else { keygen(&options.log) };
    if key.is_err()
        && let Some(path) = &options.key
    {
        let _ = std::fs::remove_file(path);
    }
    let key = key.map_err(|error| hints::new_log(&options.log, &error))?;
    let text = key.to_text();
    let written = match &mut kept {
        Some(file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()),
        None => output::write(&text),
    };
    if let Err(error) = written {
        // A log whose verification key nobody has could never be verified.
        let made = ["sealing.key", "signing.key"];
        for name in &made[..1 + usize::from(options.sign)] {
            let _ = std::fs::remove_file(options.log.join(name));
        }
        if let Some(path) = &options.key {
            let _ = std::fs::remove_file(path);
        }
        return Err(
            format!("no log was begun: its verification key cannot be kept: {error}").into()
        );
    }
    if kept.is_some() {
        output::print(&format!("log {}\n", key.log_id()))?;
        if let Some(public) = key.public_key() {
            output::print(&format!("public key {public}\n"))?;
        }
    }
    output::tell(
        "keep the verification key where the server is not: whoever has it can forge the log",
    );
    Ok(0)
}

fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn verify(options: &Verify) -> Result<u8, Failure> {
    let key = read_key(options)?;
    let report = verifier(options, &key).verify(&options.log);
    output::end_progress();
    let report = report?;
    if options.json {
        output::print(&format!("{}\n", report.to_json()))?;
    } else {
        output::print_report(&report, !options.checkpoints.is_empty())?;
    }
    Ok(code(&report))
}

/// Prints a checkpoint of what is there. A damaged log gets none.
fn checkpoint(options: &Verify) -> Result<u8, Failure> {
    let key = read_key(options)?;
    let done = verifier(options, &key).checkpoint(&options.log);
    output::end_progress();
    let (report, notes) = done?;
    match report.verdict() {
        Verdict::Intact => output::print(&notes)?,
        Verdict::Damaged => {
            output::tell("no checkpoint: the log is damaged; `verify` says where");
        }
        Verdict::Nothing => output::tell("no checkpoint: the log has no lane yet"),
    }
    Ok(code(&report))
}

/// The key, once the directory is known to be one: who has both wrong is told of the log first.
fn read_key(options: &Verify) -> Result<VerificationKey, Failure> {
    hints::check_log(&options.log)?;
    VerificationKey::read(&options.key).map_err(|error| hints::key(&options.key, &error))
}

fn verifier<'a>(options: &Verify, key: &'a VerificationKey) -> Verifier<'a> {
    let mut verifier = Verifier::new(key).first_writer(options.first_writer);
    for file in &options.checkpoints {
        verifier = verifier.checkpoints(file);
    }
    if output::shows_progress() { verifier.progress(output::progress) } else { verifier }
}

fn code(report: &Report) -> u8 {
    match report.verdict() {
        Verdict::Intact => 0,
        Verdict::Damaged => 1,
        Verdict::Nothing => 3,
    }
}
