//! Keeps the directory under its cap: whole segments go, the delivered ones first, then the oldest.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::ledger::DropReason;
use super::segment::{ACK_SUFFIX, SEGMENT_SUFFIX, Segment};
use super::state::State;

impl State {
    /// Makes room for one more segment. Segments of living processes are never touched.
    ///
    /// # Errors
    /// Fails when there is no room because the disk does not remove what should go.
    pub(super) fn make_room(&mut self, directory: &Path) -> io::Result<()> {
        let Ok(files) = self.disk.list(directory) else {
            self.stats.disk_errors += 1;
            return Ok(());
        };
        let files: Vec<_> =
            files.into_iter().filter(|(name, _)| Self::is_spool_file(name)).collect();
        let total: u64 = files.iter().map(|&(_, len)| len).sum();
        let mut excess =
            (total + self.settings.segment_max_bytes()).saturating_sub(self.settings.max_bytes);
        if excess == 0 {
            return Ok(());
        }
        let mut segments: Vec<_> = files
            .iter()
            .filter_map(|(name, len)| Some((name.strip_suffix(SEGMENT_SUFFIX)?, *len)))
            .collect();
        // Names are UUIDv7, so their order is the order of age.
        segments.sort_unstable();
        let mut refusal = None;
        let has_old_record = || segments.iter().any(|(name, _)| self.is_old_record(name));
        if self.settings.keep_delivered || has_old_record() {
            // Whether all of one was delivered is known after a look at all that is in it, and this is
            // the way of a call. Without an acknowledgement nothing was.
            let acknowledged = files.iter().filter_map(|(name, _)| name.strip_suffix(ACK_SUFFIX));
            let acknowledged: HashSet<_> = acknowledged.collect();
            let may_go = |name| acknowledged.contains(name) || self.is_old_record(name);
            let first: Vec<_> =
                segments.iter().copied().filter(|&(name, _)| may_go(name)).collect();
            excess = self.evict(directory, &first, excess, true, &mut refusal);
        }
        match (self.evict(directory, &segments, excess, false, &mut refusal), refusal) {
            (1.., Some(error)) => Err(error),
            (_, refusal) => {
                self.stats.disk_errors += u64::from(refusal.is_some());
                Ok(())
            }
        }
    }

    /// Evicts the first of these segments until the excess is gone, and returns what remains of it.
    /// A segment that cannot be removed stays in the account; its error takes the place of the one
    /// before, which is counted.
    fn evict(
        &mut self,
        directory: &Path,
        segments: &[(&str, u64)],
        mut excess: u64,
        delivered_only: bool,
        refusal: &mut Option<io::Error>,
    ) -> u64 {
        for &(name, len) in segments {
            if excess == 0 {
                break;
            }
            match self.evict_one(directory, name, delivered_only) {
                Ok(true) => excess = excess.saturating_sub(len),
                Ok(false) => {}
                Err(error) => self.stats.disk_errors += u64::from(refusal.replace(error).is_some()),
            }
        }
        excess
    }

    fn evict_one(
        &mut self,
        directory: &Path,
        name: &str,
        delivered_only: bool,
    ) -> io::Result<bool> {
        let disk = Arc::clone(&self.disk);
        if let Some(at) = self.lingering.iter().position(|segment| &*segment.name == name) {
            self.lingering[at].remove(&*disk)?;
            self.lingering.swap_remove(at);
            return Ok(true);
        }
        for adopted in [false, true] {
            let held = if adopted { &self.adopted } else { &self.own };
            if let Some(segment) = held.iter().find(|segment| &*segment.name == name) {
                if !segment.sealed || delivered_only {
                    return Ok(false);
                }
                segment.remove(&*disk)?;
                self.take(name, adopted).iter().for_each(|segment| self.give_up(segment));
                return Ok(true);
            }
        }
        let fallback = &self.settings.common;
        let Ok(Some((segment, torn))) =
            Segment::adopt(&*disk, directory, name, fallback, self.clock.now())
        else {
            return Ok(false);
        };
        if self.is_old_record(name) {
            // Nobody waits for it.
            return segment.remove(&*disk).map(|()| true);
        }
        // Whatever becomes of the segment: the torn record is cut off.
        self.stats.adopted.refuse(torn, DropReason::Torn);
        if delivered_only && segment.waiting > 0 {
            return Ok(false);
        }
        segment.remove(&*disk)?;
        self.stats.adopted.take(segment.waiting);
        self.give_up(&segment);
        Ok(true)
    }

    fn is_old_record(&self, name: &str) -> bool {
        self.settings.owner.is_old_record(name)
    }

    /// Gives up the events of segments that somebody has removed: they could be read and sent as
    /// long as this process holds the files, but no other one finds them.
    pub(super) fn give_up_removed(&mut self) {
        let mut files = HashSet::new();
        for place in self.settings.places() {
            match self.disk.list(&place.directory) {
                Ok(found) => files.extend(found.into_iter().map(|(name, _)| name)),
                Err(error) if is_gone(&error) => {}
                Err(_) => return,
            }
        }
        for adopted in [false, true] {
            let held = if adopted { &self.adopted } else { &self.own };
            let removed = |segment: &&Segment| {
                segment.waiting > 0 && !files.contains(&format!("{}{SEGMENT_SUFFIX}", segment.name))
            };
            let removed: Vec<_> =
                held.iter().filter(removed).map(|segment| Arc::clone(&segment.name)).collect();
            for name in removed {
                let lost = self.take(&name, adopted).map_or(0, |segment| segment.waiting);
                self.stats.tally(adopted).give_up(lost, DropReason::Damaged);
            }
        }
    }

    /// Gives up a segment that was removed; what is in flight stays in the account until its batch is
    /// settled.
    fn give_up(&mut self, segment: &Segment) {
        let lost = segment.waiting.saturating_sub(segment.in_flight);
        self.evicted_in_flight[usize::from(segment.adopted)] += segment.in_flight;
        self.stats.tally(segment.adopted).give_up(lost, DropReason::SpoolFull);
    }
}

/// Whether there is no such directory any more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
