//! Small complete servers and clients that use toolwatch.
//!
//! Each example is a program of its own: `cargo run -p toolwatch-examples --example quickstart`.
