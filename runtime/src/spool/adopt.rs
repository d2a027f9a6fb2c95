//! Takes over the segments of dead processes.

use std::collections::HashSet;
use std::path::Path;

use super::Spool;
use super::ledger::DropReason;
use super::segment::{SEGMENT_SUFFIX, Segment};

/// Adopted segments held at once: each costs a descriptor. The rest follows when these are sent.
const MAX_ADOPTED: usize = 32;

impl Spool {
    /// Looks for orphans and adopts them. Returns how many events came with them.
    pub(crate) fn adopt_orphans(&self) -> u64 {
        let Some(directory) = self.directory() else {
            return 0;
        };
        let Ok(files) = self.disk.list(&directory) else {
            return 0;
        };
        let (held, mut room) = {
            let state = self.lock();
            let names =
                state.own.iter().chain(&state.adopted).map(|segment| segment.name.to_string());
            (names.collect::<HashSet<_>>(), MAX_ADOPTED.saturating_sub(state.adopted.len()))
        };
        let mut names: Vec<_> =
            files.iter().filter_map(|(name, _)| name.strip_suffix(SEGMENT_SUFFIX)).collect();
        names.sort_unstable();
        let mut events = 0;
        for name in names {
            if room == 0 {
                break;
            }
            if !held.contains(name)
                && let Some(found) = self.adopt_one(&directory, name)
            {
                events += found;
                room -= usize::from(found > 0);
            }
        }
        events
    }

    fn adopt_one(&self, directory: &Path, name: &str) -> Option<u64> {
        let common = self.lock().settings.common.clone();
        let (segment, torn) =
            match Segment::adopt(&*self.disk, directory, name, &common, self.clock.now()) {
                Ok(adopted) => adopted?,
                Err(error) => {
                    tracing::debug!(kind = ?error.kind(), "a segment could not be adopted");
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
