//! Clients that nobody here wrote drive the server of everything, unwatched and watched: they see
//! the same, and the record has exactly one event for each request.
//!
//! The clients are those of `tests/clients`; see [`toolwatch_tests::clients`] for when they are missing.

mod conformance;
mod sessions;

use std::path::PathBuf;

const EVERYTHING: &str = env!("CARGO_BIN_EXE_everything");

/// Where the clients are installed: beside everything else that a build leaves.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients")
}
