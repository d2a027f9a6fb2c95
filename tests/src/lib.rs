//! Shared fixtures of the workspace-level suites.

pub mod canary;
pub mod raw;
pub mod server;
