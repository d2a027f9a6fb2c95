//! The canary suite: needles in every argument, result, error and header, and a search for them
//! in every byte that leaves.
//!
//! `docs/guides/canary.md` says what is searched and how to run it at full size.
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

pub mod arguments;
pub mod encode;
pub mod needle;
pub mod random;
pub mod schema;
mod schema_json;
pub mod search;
mod surroundings;
