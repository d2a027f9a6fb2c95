//! The end of a segment in which nothing waits: it goes, or stays as the local record. Nobody may
//! send it again either way, this process least of all.

use super::Spool;
use super::disk::Disk;
use super::segment::Segment;
use super::state::State;

/// What has become of a segment that was to go.
#[must_use = "a segment that could not go must be kept in mind"]
pub(super) struct Ending {
    /// Operations on its files that failed.
    errors: u64,
    /// The segment, when its files do not tell that all of it is settled: who adopts them would send
    /// it again.
    left: Option<Segment>,
}

impl Segment {
    /// Removes the segment. One that stays as a record, or that cannot be removed, gets an
    /// acknowledgement of everything, so that who adopts it finds nothing to send. When the disk
    /// refuses that as well, the segment is handed back with its lock.
    pub(super) fn end(mut self, disk: &dyn Disk) -> Ending {
        let mut errors = 0;
        if !self.keep {
            if self.remove(disk).is_ok() {
                return Ending { errors, left: None };
            }
            errors = 1;
            // Whatever a failed write has left behind the last record is settled too.
            self.settled.offset = self.file.len().unwrap_or(self.len);
        }
        match self.write_ack(disk) {
            Ok(()) => {
                self.file.unlock();
                Ending { errors, left: None }
            }
            Err(_) => Ending { errors: errors + 1, left: Some(self) },
        }
    }
}

impl State {
    /// Lets go of a finished segment.
    pub(super) fn retire(&mut self, segment: Segment) {
        let ending = segment.end(&*self.disk);
        self.ended(ending);
    }

    /// Counts what failed, and holds what must not be found by anybody.
    pub(super) fn ended(&mut self, ending: Ending) {
        self.stats.disk_errors += ending.errors;
        self.lingering.extend(ending.left);
    }
}

impl Spool {
    /// Lets go of a finished segment, not under the lock: removing a large file may take its time.
    pub(super) fn end_segment(&self, segment: Segment) {
        let ending = segment.end(&*self.disk);
        if ending.errors > 0 {
            self.lock().ended(ending);
        }
    }

    /// Tries a last time to end segments that could not go, and lets go of them either way.
    pub(super) fn release_lingering(&self, lingering: Vec<Segment>) {
        let endings = lingering.into_iter().map(|segment| segment.end(&*self.disk));
        endings.filter_map(|ending| ending.left).for_each(|segment| segment.file.unlock());
    }
}
