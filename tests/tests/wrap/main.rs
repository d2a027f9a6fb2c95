//! Wrapped servers: every method, every outcome, exactly one event, nothing changed.

mod counting;
mod methods;
mod outcomes;
