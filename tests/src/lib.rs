//! Shared fixtures of the workspace-level suites.
