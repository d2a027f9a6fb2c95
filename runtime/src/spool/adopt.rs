//! Takes over the segments of dead processes.

use std::collections::HashSet;
use std::path::Path;

use super::Spool;
use super::ledger::DropReason;
use super::owner::Place;
use super::segment::{ACK_SUFFIX, SEGMENT_SUFFIX, Segment};

/// Adopted segments held at once: each costs a descriptor. The rest follows when these are sent.
const MAX_ADOPTED: usize = 32;

impl Spool {
    /// Looks for orphans and adopts them. True when there may be more than could be taken.
    pub(crate) fn adopt_orphans(&self) -> bool {
        // Before the segments: the event of a call that ended may be in one of them.
        self.report_interrupted();
        let (places, lingering) = {
            let mut state = self.lock();
            (state.settings.places(), std::mem::take(&mut state.lingering))
        };
        lingering.into_iter().for_each(|segment| self.end_segment(segment));
        let mut is_first = true;
        places.iter().any(|place| self.adopt_in(place, std::mem::take(&mut is_first)))
    }

    /// The same in one directory, which is also kept tidy if it is the spool's own.
    fn adopt_in(&self, place: &Place, is_own: bool) -> bool {
        let Ok(files) = self.disk.list(&place.directory) else { return false };
        let (held, mut room, owner) = {
            let state = self.lock();
            let names = state.own.iter().chain(&state.adopted).chain(&state.lingering);
            let names: HashSet<_> = names.map(|segment| segment.name.to_string()).collect();
            let open = state.adopted.len() + state.lingering.len();
            let room = MAX_ADOPTED.saturating_sub(open);
            (names, room, state.settings.owner.clone())
        };
        let named = |suffix| files.iter().filter_map(move |(name, _)| name.strip_suffix(suffix));
        let mut names: Vec<&str> = named(SEGMENT_SUFFIX).collect();
        names.sort_unstable();
        if is_own {
            let strays = named(ACK_SUFFIX).filter(|name| names.binary_search(name).is_err());
            self.remove_strays(
                &place.directory,
                strays.filter(|name| !held.contains(*name)).map(str::to_owned).collect(),
            );
        }
        for name in names {
            if held.contains(name) || !owner.owns(name, place.takes_untagged) {
                continue;
            }
            if room == 0 {
                // Where nothing can be removed, sending makes no room.
                return !self.lock().adopted.is_empty();
            }
            let events = self.adopt_one(place, name).unwrap_or_default();
            room -= usize::from(events > 0);
        }
        false
    }

    /// Removes acknowledgements whose segment is gone, which a crash in between leaves behind. Only
    /// one that was astray before goes: a listing may miss a segment that is being made.
    fn remove_strays(&self, directory: &Path, strays: HashSet<String>) {
        let before = std::mem::replace(&mut self.lock().strays, strays.clone());
        for name in strays.intersection(&before) {
            let _ = self.disk.remove(&directory.join(format!("{name}{ACK_SUFFIX}")));
        }
    }

    /// Adopts one segment, and returns how many events came with it.
    fn adopt_one(&self, place: &Place, name: &str) -> Option<u64> {
        let common = self.lock().settings.common.clone();
        let now = self.clock.now();
        let adopted = Segment::adopt(&*self.disk, &place.directory, name, &common, now);
        let (mut segment, torn) = match adopted {
            Ok(adopted) => adopted?,
            Err(error) => {
                tracing::debug!(%error, "a segment could not be adopted");
                self.lock().stats.disk_errors += 1;
                return None;
            }
        };
        segment.keep = place.keep_delivered;
        let mut state = self.lock();
        state.stats.adopted.refuse(torn, DropReason::Torn);
        let waiting = segment.waiting;
        state.stats.adopted.take(waiting);
        if waiting > 0 {
            state.adopted.push_back(segment);
        } else if !segment.keep {
            drop(state);
            if segment.remove(&*self.disk).is_err() {
                self.lock().stats.disk_errors += 1;
            }
        }
        Some(waiting)
    }
}
