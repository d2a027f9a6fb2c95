//! Stands for delivery over OTLP in a build without it.

use std::sync::Arc;
use std::time::Duration;

use super::environment::Environment;
use crate::destination::Destination;
use crate::error::Error;
use crate::event::Common;
use crate::metrics::Registry;
use crate::sender::{Lanes, OnError};

/// Nothing can be sent over OTLP.
#[derive(Default)]
pub(super) struct OtlpOptions;

/// No exports of metrics.
pub(super) struct Exports;

impl OtlpOptions {
    pub(super) const fn sends_metrics(&self) -> bool {
        false
    }

    /// Says that this build cannot do what a variable asks for.
    pub(super) fn resolve(
        &mut self,
        env: &mut Environment<'_>,
    ) -> Result<Option<Box<dyn Destination>>, Error> {
        if env.flag("TOOLWATCH_OTLP") == Some(true) {
            env.warn("TOOLWATCH_OTLP needs the feature `otlp` of toolwatch; nothing is sent by it");
        }
        Ok(None)
    }

    pub(super) fn start(
        &mut self,
        _: &Common,
        _: &Arc<Registry>,
        _: &Lanes,
        _: OnError,
    ) -> Exports {
        Exports
    }
}

impl Exports {
    pub(super) const fn none() -> Self {
        Self
    }

    pub(super) const fn ask(&self) -> u64 {
        0
    }

    pub(super) const fn wait(&self, _: u64, _: Duration) {}

    pub(super) const fn end(&self) {}

    pub(super) const fn leave(&self) {}

    pub(super) const fn wait_end(&self, _: Duration) {}
}
