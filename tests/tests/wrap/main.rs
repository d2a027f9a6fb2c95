//! Wrapped servers: every method, every outcome, exactly one event, nothing changed.

mod counting;
mod crowd;
mod drift;
mod faults;
mod flood;
mod kinds;
mod life;
mod methods;
mod missing;
mod notices;
mod offers;
mod once;
mod outcomes;
mod schemas;
mod servers;
