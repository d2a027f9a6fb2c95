//! The canary of whole servers: every operation of a wrapped server, with needles in all that its
//! caller, its handlers and its author's hooks say.
//!
//! A request carries a [`script::Script`] in its `_meta`, so that one server acts alike over a pipe,
//! over HTTP and as a child process, and needs to know nothing of the suite that drives it.

pub mod author;
pub mod child;
pub mod drive;
pub mod fixed;
pub mod messages;
pub mod operations;
pub mod round;
pub mod script;
pub mod server;
pub mod tools;
pub mod wire;
