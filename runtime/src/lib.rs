//! toolwatch runtime.

mod attach;
mod capture;
pub mod destination;
mod error;
pub mod event;
pub mod local;
mod sender;
pub mod shape;
mod span;
mod spool;
#[cfg(any(feature = "testing", all(test, feature = "http")))]
pub mod testing;
mod watch;

pub use capture::hash::HashMode;
pub use capture::intent::IntentLevel;
pub use capture::plan::Lengths;
#[cfg(feature = "http")]
pub use destination::IngestClient;
pub use destination::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
pub use error::Error;
pub use sender::Durability;
pub use shape::{Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
pub use spool::{Delivery, DropReason, Stats, Tally};
#[cfg(feature = "macros")]
pub use toolwatch_macros::{Reveal, Shape, watched_tool};
pub use watch::{Installed, Watch, WatchBuilder};

#[doc(hidden)]
pub mod __private {
    //! What expansions of `#[watched_tool]` name. No part of the public interface.
    pub use crate::attach::{
        Call, Declared, Entry, FaultOf, FaultProbe, Finished, Opened, Running, ShapeOf, ShapeProbe, Site, Spec,
    };
    pub use crate::capture::failure::Fault;
    pub use crate::capture::intent::{IntentMode, IntentSpec};
    pub use crate::capture::plan::Rule;
    pub use rmcp;
    pub use rmcp::ErrorData;
    pub use rmcp::model::CallToolResponse;
}
