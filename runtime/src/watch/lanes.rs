//! One lane per destination.

use std::path::PathBuf;
use std::sync::Arc;

use super::{WatchBuilder, operator};
use crate::contain::contain;
use crate::destination::Destination;
use crate::error::Error;
use crate::sender::{Lanes, Pipeline, PipelineConfig};

impl WatchBuilder {
    /// A lane for each destination: the first in the directory itself, where the local record is
    /// too, the others below it, each under its destination's name. None when only readers in the
    /// process want events.
    pub(super) fn lanes(
        &mut self,
        destinations: Vec<Box<dyn Destination>>,
        directory: Option<PathBuf>,
        local: bool,
        common: Vec<u8>,
    ) -> Result<Lanes, Error> {
        check_names(&destinations)?;
        let on_error = self.on_error.take().unwrap_or_else(|| Arc::new(say));
        let lane = |destination: Option<Box<dyn Destination>>, is_first: bool| {
            let defaults = PipelineConfig::default();
            let of_lane = destination.as_ref().filter(|_| !is_first).map(|of| of.name().to_owned());
            let place = |directory: &PathBuf| match &of_lane {
                Some(name) => directory.join(name),
                None => directory.clone(),
            };
            Pipeline::start(PipelineConfig {
                directory: directory.as_ref().map(place),
                durability: self.durability.unwrap_or_default(),
                spool_max_bytes: self.spool_max_bytes.unwrap_or(defaults.spool_max_bytes),
                memory_max_bytes: self.memory_max_bytes.unwrap_or(defaults.memory_max_bytes),
                max_batch_size: self.max_batch_size.unwrap_or(defaults.max_batch_size),
                flush_interval: self.flush_interval.unwrap_or(defaults.flush_interval),
                destination,
                keep_delivered: local && is_first,
                common_fragment: common.clone(),
                on_quota_warning: self.on_quota_warning.clone(),
                on_error: Some(Arc::clone(&on_error)),
                ..defaults
            })
        };
        let lanes = if destinations.is_empty() && local {
            vec![lane(None, true)?]
        } else {
            let lanes = destinations.into_iter().enumerate();
            let lanes = lanes.map(|(at, destination)| lane(Some(destination), at == 0));
            lanes.collect::<Result<_, _>>()?
        };
        Ok(Lanes::new(lanes, on_error))
    }
}

/// The name of a destination after the first one is that of its folder.
fn check_names(destinations: &[Box<dyn Destination>]) -> Result<(), Error> {
    // The author's code that says a name may panic; its lane counts that.
    let name = |of: &Box<dyn Destination>| contain(|| of.name().to_owned());
    let names: Vec<_> = destinations.iter().map(name).map(Option::unwrap_or_default).collect();
    let is_twice = |at: usize, name: &String| names[..at].contains(name);
    for (at, name) in names.iter().enumerate() {
        if is_twice(at, name) {
            return Err(Error::configuration(
                "two destinations have the same name: give each a name() of its own",
            ));
        }
        if at > 0 && (!crate::event::is_key(name) || name.starts_with('.')) {
            return Err(Error::configuration(
                "the name of a destination has 1 to 32 characters of a-z, 0-9, `_`, `.` and `-`, \
                 and does not start with a dot",
            ));
        }
    }
    Ok(())
}

/// What an operator should know, in one line, when the author takes no notice of it.
pub(super) fn say(error: &Error) {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}"));
    operator::say(format_args!("{error}{}", cause.unwrap_or_default()));
}

#[cfg(test)]
mod tests;
