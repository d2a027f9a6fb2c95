//! What the benches share: one server in several variants, a driver that speaks the protocol line
//! by line, clocks, and the table in which each figure stands beside its bar.

pub mod clock;
pub mod direct;
pub mod driver;
#[cfg(feature = "everything")]
pub mod everything;
pub mod lines;
pub mod many;
pub mod otel;
pub mod pairs;
pub mod receiver;
pub mod rounds;
pub mod server;
pub mod settings;
pub mod table;
pub mod thread;
pub mod watches;
