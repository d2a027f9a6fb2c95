//! Reports the calls that were under way when their process died.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{BEGUN_SUFFIX, SLOT_BYTES, SLOTS, clear, place};
use crate::spool::Spool;
use crate::spool::disk::{DiskFile, Writes};
use crate::spool::frame::{self, FRAME_HEADER, FRAME_MAGIC, Peek};
use crate::spool::ledger::DropReason;
use crate::spool::owner::Place;
use crate::spool::scan::{self, Scanner};
use crate::spool::segment::SEGMENT_SUFFIX;

/// A begin record that was found.
struct Found {
    slot: u16,
    sequence: u32,
    payload: Vec<u8>,
}

impl Spool {
    /// Takes the begin records of dead processes in as events. What the disk refuses now is found
    /// again at the next call, or by the next process.
    pub(crate) fn report_interrupted(&self) {
        let places = self.lock().settings.places();
        places.iter().for_each(|place| self.report_in(place));
    }

    fn report_in(&self, place: &Place) {
        let Ok(files) = self.disk.list(&place.directory) else { return };
        let own = self.register().held.as_ref().map(|held| held.name.clone());
        let owner = self.lock().settings.owner.clone();
        for (file, _) in files {
            let Some(name) = file.strip_suffix(BEGUN_SUFFIX) else { continue };
            if own.as_deref() == Some(name) || !owner.tells_of(name, place.takes_untagged) {
                continue;
            }
            if let Err(error) = self.report_file(&place.directory, &place.directory.join(&file)) {
                tracing::debug!(%error, "begin records could not be read");
                self.count(|stats| stats.disk_errors += 1);
            }
        }
    }

    fn report_file(&self, directory: &Path, path: &Path) -> io::Result<()> {
        let Some(file) = self.disk.adopt(path, Writes::AtPositions)? else { return Ok(()) };
        let (mut begun, torn) = read_slots(&*file)?;
        let mut common = Arc::clone(&self.lock().settings.common);
        if let Some(header) = scan::read_header(&*file)? {
            common = header.common.into();
        }
        // A kill between the event and the clearing of its slot leaves both.
        let ended = self.find_events(directory, &begun);
        begun.retain(|found| !ended.contains(identity(&found.payload)));
        // Under the lock nothing that was appended can be sent, and so be gone, before its slot is
        // cleared: whoever finds the slot after a kill finds the event as well.
        let mut state = self.lock();
        for found in &begun {
            if state.append_begun(&found.payload, &common).is_err() {
                return Ok(());
            }
            let cleared = clear(&*file, found.slot, FRAME_HEADER + found.payload.len());
            state.stats.disk_errors += u64::from(cleared.is_err());
        }
        self.disk.remove(path)?;
        state.stats.adopted.refuse(torn, DropReason::Torn);
        Ok(())
    }

    /// Which of these records' events are in a segment already. One that cannot be read is passed
    /// over: a receiver tells doubles by their id.
    fn find_events(&self, directory: &Path, begun: &[Found]) -> HashSet<Vec<u8>> {
        let mut found = HashSet::new();
        if begun.is_empty() {
            return found;
        }
        let wanted: HashSet<&[u8]> = begun.iter().map(|found| identity(&found.payload)).collect();
        let Ok(files) = self.disk.list(directory) else { return found };
        for (name, _) in files {
            let Some(segment) = name.strip_suffix(SEGMENT_SUFFIX) else { continue };
            if let Ok(file) = self.open_segment(segment, &directory.join(&name)) {
                let _ = find_in(&*file, &wanted, &mut found);
            }
        }
        found
    }

    /// A segment for reading. Some systems refuse that beside a lock, even to who holds the lock.
    fn open_segment(&self, name: &str, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let held = {
            let state = self.lock();
            let mut segments = state.own.iter().chain(&state.adopted);
            segments.find(|segment| &*segment.name == name).map(|segment| Arc::clone(&segment.file))
        };
        held.map_or_else(|| self.disk.peruse(path), Ok)
    }
}

/// The first member of an event is its id.
fn identity(payload: &[u8]) -> &[u8] {
    payload.split(|&byte| byte == b',').next().unwrap_or(payload)
}

/// The records by the time of their beginning, and how many slots hold something that is none.
fn read_slots(file: &dyn DiskFile) -> io::Result<(Vec<Found>, u64)> {
    let (mut begun, mut torn) = (Vec::new(), 0);
    let mut bytes = vec![0; SLOT_BYTES];
    for slot in 0..SLOTS {
        let have = scan::read_full(file, place(slot), &mut bytes)?;
        let bytes = &bytes[..have];
        match frame::peek(bytes) {
            _ if is_free(bytes) => {}
            Peek::Frame(sequence, len) => {
                let payload = bytes[FRAME_HEADER..FRAME_HEADER + len].to_vec();
                begun.push(Found { slot, sequence, payload });
            }
            Peek::Short(_) | Peek::Garbage => torn += 1,
        }
    }
    begun.sort_unstable_by_key(|found| found.sequence);
    Ok((begun, torn))
}

/// A frame that was cleared begins with zeros; one damaged byte makes none of a slot without one.
fn is_free(slot: &[u8]) -> bool {
    let header = slot.get(..FRAME_HEADER).unwrap_or(slot);
    let (magic, rest) = header.split_at(FRAME_MAGIC.len().min(header.len()));
    magic.iter().all(|&byte| byte == 0) || !rest.is_empty() && rest.iter().all(|&byte| byte == 0)
}

fn find_in(
    file: &dyn DiskFile,
    wanted: &HashSet<&[u8]>,
    found: &mut HashSet<Vec<u8>>,
) -> io::Result<()> {
    let start = scan::read_header(file)?.map_or(0, |header| header.len);
    let mut scanner = Scanner::new(file, start, 0, file.len()?);
    while let Some(record) = scanner.next_record()? {
        let id = identity(record.payload);
        if wanted.contains(id) {
            found.insert(id.to_vec());
        }
    }
    Ok(())
}
