//! Promise: any number of processes share a directory. Each event is stored once, whoever dies,
//! whatever its process id is, and whatever processes its tools make.

// It looks into `/proc` for who is alive.
#[cfg(target_os = "linux")]
mod children;
mod pids;
mod reading;
mod together;

use std::path::Path;

use toolwatch::testing::Receiver;
use toolwatch_tests::victim::{Sinks, Starter};

/// Room for everything that a test here leaves.
const CAP_BYTES: u64 = 64 * 1024 * 1024;

/// Starts a program's servers, all in one directory and with one receiver.
fn starter<'a>(program: &'a str, directory: &'a Path, receiver: &Receiver) -> Starter<'a> {
    let endpoint = Some(receiver.endpoint());
    let sinks = Sinks { endpoint, cap_bytes: CAP_BYTES, ..Sinks::default() };
    Starter { program, arguments: vec!["watched"], directory, sinks }
}
