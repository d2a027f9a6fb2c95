//! A child.
