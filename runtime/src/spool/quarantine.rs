//! Keeps the events that a destination refuses by themselves, for a person to look at.

use super::Spool;

/// The quarantine's file, one event per line. A person reads it; it needs no more than this.
const MAX_BYTES: u64 = 1024 * 1024;

impl Spool {
    /// Writes an event to the quarantine, while there is room in it. The event is counted as
    /// dropped either way.
    pub(crate) fn quarantine(&self, payload: &[u8], common: &[u8]) {
        let Some(directory) = self.directory() else {
            return;
        };
        let directory = directory.join("quarantine");
        let written = self.disk.prepare(&directory).and_then(|_| {
            let file = self.disk.open_ack(&directory.join("poison.jsonl"))?;
            let mut line = Vec::with_capacity(payload.len() + common.len() + 2);
            super::splice(payload, common, &mut line);
            line.push(b'\n');
            let len = file.len()?;
            if len + line.len() as u64 <= MAX_BYTES { file.write_at(len, &line) } else { Ok(()) }
        });
        if written.is_err() {
            self.lock().stats.disk_errors += 1;
        }
    }
}
