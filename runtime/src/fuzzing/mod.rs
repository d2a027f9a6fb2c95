//! What the fuzzer drives: one function for each reader of bytes that others wrote.
//!
//! No part of the interface: this module exists in the unit tests, which replay the corpus, and
//! where `--cfg fuzzing` is given, as `fuzz/run` gives it (docs/guides/fuzzing.md). A target panics
//! when what it holds is broken; what it holds stands on it.

mod canonical;
#[cfg(feature = "http")]
mod replies;
mod shapes;
mod spool;
mod texts;

/// A reader of bytes that others wrote.
pub type Target = fn(&[u8]);

/// Every target and its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("segment", spool::segment),
    ("ack", spool::ack),
    ("begun", spool::begun),
    #[cfg(feature = "http")]
    ("retry_after", replies::retry_after),
    #[cfg(feature = "http")]
    ("reply", replies::reply),
    ("shape", shapes::shape),
    #[cfg(feature = "schema")]
    ("schema", shapes::schema),
    ("canonical", canonical::canonical),
    ("traceparent", texts::traceparent),
    ("template", texts::template),
    ("failure", texts::failure),
];

#[cfg(test)]
mod tests;
