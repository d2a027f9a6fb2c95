//! Readers of events within the server's process: the structured log, the metrics resource, and the
//! logger to the client.

mod hostile;
mod log;
mod logger;
mod metrics;
mod shop;
