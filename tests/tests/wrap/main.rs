//! Wrapped servers: every method, every outcome, exactly one event, nothing changed.

mod counting;
mod methods;
mod missing;
mod once;
mod outcomes;
mod schemas;
mod servers;
