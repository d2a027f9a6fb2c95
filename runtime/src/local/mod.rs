//! Reads a spool directory without any server: the local record of what agents did.
//!
//! Everything here is read-only and takes no lock, so a running server never notices.
//!
//! ```
//! use toolwatch::local::{Reader, Summary};
//! # fn main() -> Result<(), toolwatch::Error> {
//! # let directory = tempfile::tempdir().unwrap();
//! let records = Reader::open(&directory)?;
//! println!("{}", Summary::of(records));
//! # Ok(())
//! # }
//! ```

mod durations;
mod key;
mod others;
mod reader;
mod record;
mod summary;
mod table;

pub use crate::spool::default_directory;
pub use key::rotate_key;
pub use others::{ClientSummary, OperationSummary, ResourceSummary, SessionSummary};
pub use reader::{Reader, Records};
pub use record::{Attributes, Record, RequestShape, ResponseShape, SchemaError};
pub use summary::{Summary, ToolSummary};
