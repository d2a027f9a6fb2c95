//! Shared fixtures of the workspace-level suites.

pub mod server;
pub mod raw;
