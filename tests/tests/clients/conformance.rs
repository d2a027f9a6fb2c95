//! The official conformance suite: each scenario has the same verdict with and without a watch.
