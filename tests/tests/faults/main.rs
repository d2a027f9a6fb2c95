//! Faults of the author's code, of the machine and of the network, each through rmcp's own server
//! and client: replies stay byte for byte those of a healthy server that nothing watches, no call
//! fails, every event is accounted for, and all is well again when the fault has ended.
//!
//! One test per fault, and one printed line: `cargo test -p toolwatch-tests --test faults --
//! --nocapture`. For a fault that this machine cannot make, one line on stderr begins with `SKIPPED`
//! and says why.

#![cfg(target_os = "linux")]

mod author;
mod callbacks;
mod calls;
mod child;
mod destinations;
mod files;
mod here;
mod network;
mod row;
mod session;
mod shim;
mod streams;
mod system;
