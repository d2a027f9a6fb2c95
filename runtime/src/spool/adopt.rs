//! Takes over the segments of dead processes.

use std::collections::HashSet;
use std::path::Path;

use super::Spool;
use super::ledger::DropReason;
use super::segment::{ACK_SUFFIX, SEGMENT_SUFFIX, Segment};

/// Adopted segments held at once: each costs a descriptor. The rest follows when these are sent.
const MAX_ADOPTED: usize = 32;

impl Spool {
    /// Looks for orphans and adopts them. True when there may be more than could be taken.
    pub(crate) fn adopt_orphans(&self) -> bool {
        let Some(directory) = self.directory() else { return false };
        // Before the segments: the event of a call that ended may be in one of them.
        self.report_interrupted();
        let Ok(files) = self.disk.list(&directory) else { return false };
        let (held, mut room) = {
            let state = self.lock();
            let names = state.own.iter().chain(&state.adopted);
            let names: HashSet<_> = names.map(|segment| segment.name.to_string()).collect();
            (names, MAX_ADOPTED.saturating_sub(state.adopted.len()))
        };
        let named = |suffix| files.iter().filter_map(move |(name, _)| name.strip_suffix(suffix));
        let mut names: Vec<&str> = named(SEGMENT_SUFFIX).collect();
        names.sort_unstable();
        let strays = named(ACK_SUFFIX).filter(|name| names.binary_search(name).is_err());
        self.remove_strays(
            &directory,
            strays.filter(|name| !held.contains(*name)).map(str::to_owned).collect(),
        );
        for name in names {
            if room == 0 {
                return true;
            }
            if !held.contains(name) {
                let events = self.adopt_one(&directory, name).unwrap_or_default();
                room -= usize::from(events > 0);
            }
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
    fn adopt_one(&self, directory: &Path, name: &str) -> Option<u64> {
        let common = self.lock().settings.common.clone();
        let now = self.clock.now();
        let (segment, torn) = match Segment::adopt(&*self.disk, directory, name, &common, now) {
            Ok(adopted) => adopted?,
            Err(error) => {
                tracing::debug!(%error, "a segment could not be adopted");
                self.lock().stats.disk_errors += 1;
                return None;
            }
        };
        let mut state = self.lock();
        state.stats.adopted.refuse(torn, DropReason::Torn);
        let waiting = segment.waiting;
        state.stats.adopted.take(waiting);
        if waiting > 0 {
            state.adopted.push_back(segment);
        } else if !state.settings.keep_delivered {
            drop(state);
            segment.remove(&*self.disk);
        }
        Some(waiting)
    }
}
