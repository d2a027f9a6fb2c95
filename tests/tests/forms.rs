//! Every form of a tool fn, watched and unwatched, behind a real client.
//!
//! The same source is compiled twice. A watched server must list the same tools and give the same
//! replies as the server that rmcp alone makes of it.

#[path = "forms/harness.rs"]
mod harness;

#[path = "forms/bodies.rs"]
mod bodies;
#[path = "forms/extractors.rs"]
mod extractors;
#[path = "forms/generics.rs"]
mod generics;
#[path = "forms/outputs.rs"]
mod outputs;
#[path = "forms/rules.rs"]
mod rules;
#[path = "forms/schemas.rs"]
mod schemas;
#[path = "forms/shapes.rs"]
mod shapes;
#[path = "forms/strict.rs"]
mod strict;
