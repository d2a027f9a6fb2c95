//! toolwatch runtime.
pub mod shape;
pub use shape::{Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the span and the watch will call it")
)]
mod capture;
pub mod event;
