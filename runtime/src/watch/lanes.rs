//! One lane per destination.

use std::path::PathBuf;
use std::sync::Arc;

use super::WatchBuilder;
use crate::contain::contain;
use crate::destination::Destination;
use crate::error::Error;
use crate::sender::{Lanes, Pipeline, PipelineConfig};
use crate::spool::{Owner, Place};
use crate::stderr;

impl WatchBuilder {
    /// A lane for each destination: the first in the directory itself, where the local record is
    /// too, the others below it, each under its destination's name. Each of them looks for events of
    /// its destination in the other place too, where they were left when its turn was another. None
    /// when only readers in the process want events.
    pub(super) fn lanes(
        &mut self,
        destinations: Vec<Box<dyn Destination>>,
        directory: Option<PathBuf>,
        local: bool,
        common: Vec<u8>,
    ) -> Result<Lanes, Error> {
        let names = names_of(&destinations)?;
        let on_error = self.on_error.take().unwrap_or_else(|| Arc::new(say));
        let lane = |destination: Option<Box<dyn Destination>>, place: LanePlace| {
            let defaults = PipelineConfig::default();
            Pipeline::start(PipelineConfig {
                directory: place.directory,
                durability: self.durability.unwrap_or_default(),
                spool_max_bytes: self.spool_max_bytes.unwrap_or(defaults.spool_max_bytes),
                memory_max_bytes: self.memory_max_bytes.unwrap_or(defaults.memory_max_bytes),
                max_batch_size: self.max_batch_size.unwrap_or(defaults.max_batch_size),
                flush_interval: self.flush_interval.unwrap_or(defaults.flush_interval),
                destination,
                keep_delivered: place.keep_delivered,
                owner: place.owner,
                common_fragment: common.clone(),
                on_quota_warning: self.on_quota_warning.clone(),
                on_error: Some(Arc::clone(&on_error)),
                ..defaults
            })
        };
        let lanes = if destinations.is_empty() && local {
            let (owner, keep_delivered) = (Owner::record(), true);
            vec![lane(None, LanePlace { directory, keep_delivered, owner })?]
        } else {
            let named = destinations.into_iter().zip(&names).enumerate();
            let lanes = named.map(|(at, (destination, name))| {
                let place = match at {
                    0 => LanePlace::of_first(name, directory.as_ref(), local),
                    _ => LanePlace::of_other(name, directory.as_ref(), local),
                };
                lane(Some(destination), place)
            });
            lanes.collect::<Result<_, _>>()?
        };
        Ok(Lanes::new(lanes, on_error))
    }
}

/// Where a lane has its files.
struct LanePlace {
    directory: Option<PathBuf>,
    keep_delivered: bool,
    owner: Owner,
}

impl LanePlace {
    /// The directory itself; also the folder that this destination has when it is not the first.
    fn of_first(name: &str, directory: Option<&PathBuf>, local: bool) -> Self {
        let owner = Owner::destination(name);
        let folder = directory.filter(|_| is_folder(name)).map(|of| of.join(name));
        let owner = match folder {
            Some(folder) => owner.with_elsewhere(Place::of_one(folder)),
            None => owner,
        };
        Self { directory: directory.cloned(), keep_delivered: local, owner }
    }

    /// A folder; also the directory itself.
    fn of_other(name: &str, directory: Option<&PathBuf>, local: bool) -> Self {
        let owner = Owner::destination(name);
        let owner = match directory {
            Some(first) => owner.with_elsewhere(Place::of_first(first.clone(), local)),
            None => owner,
        };
        Self { directory: directory.map(|of| of.join(name)), keep_delivered: false, owner }
    }
}

/// Whether a destination of this name can be another one than the first.
fn is_folder(name: &str) -> bool {
    crate::event::is_key(name) && !name.starts_with('.')
}

/// Names in the directory that are taken: the install's key, and the folder of poisoned events.
const TAKEN: [&str; 2] = ["key", "quarantine"];

/// The names of the destinations; that of one after the first is its folder's.
fn names_of(destinations: &[Box<dyn Destination>]) -> Result<Vec<String>, Error> {
    // The author's code that says a name may panic; its lane counts that.
    let name = |of: &dyn Destination| contain(|| of.name().to_owned()).unwrap_or_default();
    let names: Vec<_> = destinations.iter().map(|of| name(&**of)).collect();
    let is_twice = |at: usize, name: &String| names[..at].contains(name);
    for (at, name) in names.iter().enumerate() {
        if is_twice(at, name) {
            return Err(Error::configuration(
                "two destinations have the same name: give each a name() of its own",
            ));
        }
        if at > 0 && !is_folder(name) {
            return Err(Error::configuration(
                "the name of a destination has 1 to 32 characters of a-z, 0-9, `_`, `.` and `-`, \
                 and does not start with a dot",
            ));
        }
        if at > 0 && TAKEN.contains(&name.as_str()) {
            return Err(Error::configuration(
                "the name of a destination is neither `key` nor `quarantine`: the directory has \
                 these for something else",
            ));
        }
    }
    Ok(names)
}

/// What an operator should know, in one line, when the author takes no notice of it.
pub(super) fn say(error: &Error) {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}"));
    stderr::say(format_args!("{error}{}", cause.unwrap_or_default()));
}

#[cfg(test)]
mod tests;
