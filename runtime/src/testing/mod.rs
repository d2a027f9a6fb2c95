//! What tests of delivery need: a receiver that speaks the ingest protocol and misbehaves on demand.

#[cfg(feature = "audit")]
#[doc(hidden)]
pub mod audit;
#[cfg(feature = "planted-leaks")]
#[doc(hidden)]
pub mod leak;
mod receiver;
mod reply;
mod request;

pub use receiver::Receiver;
pub use reply::Reply;
pub use request::Received;
