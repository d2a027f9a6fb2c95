//! What was under way at the end of each lane, by its authentic records, against what later lanes say
//! of it. A recovery has no key of the lane that it looks at: whoever could write to the files then
//! could make it tell of an operation that never was, or pass over one, and clean up afterwards.

use std::collections::BTreeMap;

use super::damage::{DamageKind, Damages};
use super::lane::LaneCheck;
use crate::audit::recover::Begun;

/// The operations under way at the ends of the lanes so far in which nothing was damaged.
#[derive(Default)]
pub(super) struct UnderWay(BTreeMap<u32, Begun>);

impl UnderWay {
    /// Compares what this lane says of earlier ones, and takes its own.
    pub(super) fn take(&mut self, check: &mut LaneCheck<'_>, is_sound: bool, to: &mut Damages) {
        let reported = std::mem::take(&mut check.interrupted).into_iter();
        let unknown = reported.filter(|told| {
            let lane = self.0.get(&told.writer_id);
            lane.is_some_and(|lane| lane.get(&told.event_id) != Some(&told.seq))
        });
        let counted = check.attested.iter().filter(|end| {
            let lane = self.0.get(&end.writer_id).map(|lane| lane.len() as u64);
            lane.is_some() && end.interrupted.is_some() && lane != end.interrupted
        });
        let wrong = unknown.map(|told| told.writer_id).chain(counted.map(|end| end.writer_id));
        for writer_id in wrong {
            to.add_to_lane(writer_id, DamageKind::Misreported, 0);
        }
        if is_sound {
            self.0.insert(check.report.writer_id, std::mem::take(&mut check.begun));
        }
    }
}
