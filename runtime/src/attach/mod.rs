//! Where toolwatch attaches to a server: the code that `#[watched_tool]` calls.
//!
//! [`Site`] holds what the attribute says of one tool, [`Entry`] what was compiled from it, and
//! [`Call`] takes a call out of rmcp and walks it through its [`CallSpan`](crate::span::CallSpan).

pub(crate) mod arguments;
mod blame;
mod call;
pub(crate) mod ending;
mod entry;
mod probe;
pub(crate) mod registry;
mod skipped;

pub use blame::{Blame, Blamed};
pub use call::{Call, Finished, Opened, Running};
pub(crate) use entry::times_asked;
pub use entry::{Declared, Entry, Site, Spec};
pub use probe::{
    BlameOf, BlameProbe, FaultOf, FaultProbe, ReasonOf, ReasonProbe, ShapeOf, ShapeProbe, fields_of,
};
pub(crate) use registry::Registered;
pub use skipped::SkippedSite;
