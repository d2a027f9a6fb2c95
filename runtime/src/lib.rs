//! toolwatch runtime.
pub mod shape;
pub mod event;
mod attach;
mod capture;
mod span;
mod watch;
mod sender;
mod destination;
mod error;
pub mod local;

pub use capture::hash::HashMode;
pub use capture::intent::IntentLevel;
pub use capture::plan::Lengths;
pub use destination::Destination;
pub use error::Error;
pub use sender::{Delivery, DropReason, Quota, Stats};
pub use shape::{Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
#[cfg(feature = "macros")]
pub use toolwatch_macros::watched_tool;
pub use watch::{Durability, Installed, Watch, WatchBuilder};

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
