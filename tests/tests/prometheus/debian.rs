//! Debian's Prometheus and promtool: those of the machine, or the package unpacked below `target`,
//! without installing anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What apt says when there is no archive to be reached, or when it knows none.
const ABSENT: [&str; 9] = [
    "Unable to locate package",
    "Unable to fetch",
    "Failed to fetch",
    "Could not resolve",
    "Could not connect",
    "Connection refused",
    "Connection timed out",
    "No packages found",
    "select candidate version",
];

/// The two programs.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) prometheus: PathBuf,
    pub(crate) promtool: PathBuf,
}

/// The programs, or a line that says why there are none.
///
/// # Panics
///
/// When the package is there and cannot be unpacked.
pub(crate) fn tools() -> Option<&'static Tools> {
    static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
    TOOLS.get_or_init(find).as_ref()
}

fn find() -> Option<Tools> {
    let of_machine = Tools { prometheus: "prometheus".into(), promtool: "promtool".into() };
    if runs(&of_machine.prometheus) && runs(&of_machine.promtool) {
        return Some(of_machine);
    }
    match unpack(&Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("prometheus")) {
        Ok(tools) => Some(tools),
        Err(reason) => {
            // Past the harness, which keeps the output of a test that passes.
            let line = format!("\nSKIPPED the tests with Debian's Prometheus: {reason}\n");
            let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), line.as_bytes());
            None
        }
    }
}

fn runs(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// Unpacks the package once per machine; `Err` says what is missing for it.
fn unpack(folder: &Path) -> Result<Tools, String> {
    fs::create_dir_all(folder).expect("a folder below target");
    let lock = fs::File::create(folder.join("lock")).expect("a lock");
    fs4::FileExt::lock(&lock).expect("the lock");
    let binaries = folder.join("root/usr/bin");
    let tools =
        Tools { prometheus: binaries.join("prometheus"), promtool: binaries.join("promtool") };
    if runs(&tools.prometheus) && runs(&tools.promtool) {
        return Ok(tools);
    }
    let mut download = Command::new("timeout");
    download.args([
        "300",
        "apt-get",
        "-o",
        "Acquire::Retries=1",
        "-o",
        "Acquire::http::Timeout=20",
    ]);
    step(download.args(["download", "prometheus"]).current_dir(folder))?;
    let entries = fs::read_dir(folder).expect("the folder").flatten();
    let package = entries.map(|entry| entry.path());
    let package = package.filter(|path| path.extension().is_some_and(|suffix| suffix == "deb"));
    let package = package.max().ok_or("apt-get downloaded no package")?;
    step(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder.join("root")))?;
    let _ = fs::remove_file(package);
    if runs(&tools.prometheus) && runs(&tools.promtool) {
        return Ok(tools);
    }
    Err("the programs of the package do not run on this machine".to_owned())
}

fn step(command: &mut Command) -> Result<(), String> {
    command.env("LC_ALL", "C");
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        // The status of `timeout` for a program that is not there, and for one that takes too long.
        Some(127) => Err("apt-get is not installed".to_owned()),
        Some(124) => Err("the package could not be had in time".to_owned()),
        _ => match ABSENT.iter().find(|mark| said.contains(**mark)) {
            Some(mark) => Err(format!("{name} has no package ({mark})")),
            None => panic!("{name} failed: {said}"),
        },
    }
}
