//! What is recorded of a call: shapes, sizes and keyed hashes, and never a value.
//!
//! Everything here runs on the call's path, so it walks each value once, is bounded in depth and
//! breadth, and allocates next to nothing. Nothing here knows spans, files (the key apart) or the
//! network; the span calls it and puts the parts into an [`Event`](crate::event::Event).

pub(crate) mod canonical;
pub(crate) mod context;
pub(crate) mod failure;
pub(crate) mod hash;
pub(crate) mod intent;
pub(crate) mod losses;
pub(crate) mod plan;
mod python;
pub(crate) mod repeat;
pub(crate) mod result;
#[cfg(feature = "schema")]
pub(crate) mod schema;
pub(crate) mod scratch;
pub(crate) mod size;
pub(crate) mod template;

#[cfg(test)]
pub(crate) mod sample;
