//! A real collector prints what it got.
