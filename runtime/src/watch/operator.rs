//! Lines for the person who runs the server, on stderr.
//!
//! `eprintln!` panics when nobody holds the other end of the pipe any more. A host that has closed
//! stderr must cost neither a tool call nor the server, so such a line is lost in silence.

use std::fmt;
use std::io::Write as _;

/// Writes one line, with the name of the library before it.
pub(super) fn say(line: fmt::Arguments<'_>) {
    // One write, so that lines of several threads do not mix.
    let _ = std::io::stderr().write_all(format!("toolwatch: {line}\n").as_bytes());
}
