//! toolwatch runtime.
pub mod shape;
pub use shape::{Exposed, Field, Form, Level, Reveal, Shape, Tagging, TypeShape, Variant};
pub mod event;
