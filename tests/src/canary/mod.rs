//! The canary suite: needles in every argument, result, error and header, and a search for them
//! in every byte that leaves.
//!
//! `docs/guides/canary.md` says what is searched and how to run it at full size.
#![expect(clippy::expect_used, reason = "a suite stops at the first fault of its own machinery")]

pub mod acts;
pub mod arguments;
pub mod calls;
pub mod child;
pub mod encode;
pub mod http;
pub mod link;
pub mod logs;
pub mod needle;
pub mod otlp;
pub mod panics;
pub mod random;
pub mod round;
pub mod schema;
mod schema_json;
pub mod search;
pub mod sinks;
mod surroundings;
pub mod tools;
pub mod typed;
pub mod verdict;
pub mod whole;
