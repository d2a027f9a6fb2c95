//! toolwatch runtime.
pub mod shape;
pub use shape::{Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
pub mod event;

pub mod destination;
mod error;
pub mod local;
#[allow(dead_code, reason = "the watch that is built on the pipeline comes in a later commit")]
mod sender;
#[allow(dead_code, reason = "the watch that is built on the pipeline comes in a later commit")]
mod spool;
pub use error::Error;
pub use sender::Durability;
pub use spool::{Delivery, DropReason, Stats, Tally};
#[cfg(any(feature = "testing", all(test, feature = "http")))]
pub mod testing;
