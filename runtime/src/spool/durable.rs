//! Makes what was written durable, from time to time and for all callers together.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Spool;
use super::disk::{Disk, DiskFile};
use super::room::is_gone;
use super::segment::Segment;
use super::state::State;

/// A segment that was written to since the last sync.
type Dirty = (Arc<str>, PathBuf, Arc<dyn DiskFile>);

impl Spool {
    /// Makes everything written so far durable, and seals an active segment of that age. Segments
    /// that were taken over are part of it: their process may have died before its own sync. What
    /// fails is tried again the next time.
    pub(crate) fn sync(&self, seal_after: Duration) {
        let now = self.clock.now();
        let is_gone = self.active_is_gone();
        let (dirty, directory, is_rooted) = {
            let mut state = self.lock();
            let is_old = |active: &Segment| active.created.saturating_add(seal_after) <= now;
            if is_gone || state.own.back().is_some_and(is_old) {
                state.seal();
            }
            let dirty = state.take_dirty();
            // Before the names are synced: a directory that is made meanwhile counts again.
            let directory = state.settings.directory.clone();
            let in_own = |(_, path, _): &Dirty| path.parent() == directory.as_deref();
            let is_rooted = state.is_rooted || !dirty.iter().any(in_own);
            state.is_rooted |= !is_rooted;
            (dirty, directory, is_rooted)
        };
        let Some(directory) = directory.filter(|_| !dirty.is_empty()) else { return };
        let directories: BTreeSet<_> =
            dirty.iter().filter_map(|(_, path, _)| path.parent()).map(Path::to_owned).collect();
        let is_synced = |(_, _, file): &Dirty| file.sync().is_ok();
        let (synced, failed): (Vec<_>, Vec<_>) = dirty.into_iter().partition(is_synced);
        let unnamed = directories.iter().filter(|of| self.disk.sync_directory(of).is_err());
        let unnamed = unnamed.count() as u64;
        let rooted = if is_rooted { Ok(()) } else { sync_ancestors(&*self.disk, &directory) };
        if unnamed > 0 || rooted.is_err() || !failed.is_empty() {
            let mut state = self.lock();
            let names = unnamed + u64::from(rooted.is_err());
            state.stats.disk_errors += failed.len() as u64 + names;
            state.is_rooted &= rooted.is_ok();
            let nameless = synced.iter().filter(|_| names > 0);
            nameless.chain(&failed).for_each(|(name, ..)| state.set_dirty(name));
        }
    }

    /// Seals an active segment that someone removed, so that the next event makes another one.
    pub(crate) fn seal_if_removed(&self) {
        if self.active_is_gone() {
            self.lock().seal();
        }
    }

    /// Whether someone removed the active segment. Its events can still be read and sent, but what
    /// came later would not survive this process.
    fn active_is_gone(&self) -> bool {
        let (path, directory) = {
            let state = self.lock();
            let active = state.own.back().filter(|active| !active.sealed);
            (active.map(|active| active.path.clone()), state.settings.directory.clone())
        };
        let (Some(path), Some(directory)) = (path, directory) else { return false };
        match self.disk.list(&directory) {
            Ok(files) => !files
                .iter()
                .any(|(name, _)| path.file_name().is_some_and(|own| own == name.as_str())),
            Err(error) => is_gone(&error),
        }
    }
}

/// Makes the directory's own name durable, and those of the directories above it, which may be as
/// new. It ends at the first one that this user may not read, and so has not made.
pub(super) fn sync_ancestors(disk: &dyn Disk, directory: &Path) -> io::Result<()> {
    for ancestor in directory.ancestors().skip(1) {
        // A relative path ends in nothing, which means the working directory.
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        match disk.sync_directory(ancestor) {
            Err(error) if is_of_others(error.kind()) => return Ok(()),
            synced => synced?,
        }
    }
    Ok(())
}

/// Whether the system says that a directory cannot be synced by this user, or not at all.
const fn is_of_others(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(kind, InvalidInput | PermissionDenied | Unsupported)
}

impl State {
    fn take_dirty(&mut self) -> Vec<Dirty> {
        let segments = self.own.iter_mut().chain(&mut self.adopted);
        let dirty = segments.filter_map(|segment| {
            let is_dirty = std::mem::take(&mut segment.dirty);
            is_dirty.then(|| {
                (Arc::clone(&segment.name), segment.path.clone(), Arc::clone(&segment.file))
            })
        });
        dirty.collect()
    }

    fn set_dirty(&mut self, name: &str) {
        let mut segments = self.own.iter_mut().chain(&mut self.adopted);
        if let Some(segment) = segments.find(|segment| &*segment.name == name) {
            segment.dirty = true;
        }
    }
}
