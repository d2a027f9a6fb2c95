//! The attribute and derive macros of toolwatch.
