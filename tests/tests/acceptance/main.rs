//! The behaviours of `docs/acceptance.md`, end to end, by their ids.
//!
//! Real clients drive real servers, in this process or over stdio; what is asserted is what was
//! recorded, received or replied.

mod blame;
mod content;
mod delivery;
mod dictionary;
mod ending;
mod errors;
mod events;
mod hooks;
mod identity;
mod intent;
mod privacy;
mod process;
mod settings;
mod shop;
mod signals;
mod skipped;
mod tags;
mod whole;
