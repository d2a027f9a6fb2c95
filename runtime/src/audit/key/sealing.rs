//! The file with the key of the next writer: what a server needs to add to a log.
//!
//! Two slots of one page each. The next state is written into the free slot and made durable, then
//! the old slot is overwritten with zeros: a crash in between leaves both, and the later one counts.
//! The old key is gone from the file, but a file system that copies on write, or flash, may keep
//! its bytes elsewhere for a while.

use std::io;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ChainKey, LogId, Secret};
use crate::audit::hex;
use crate::spool::{Disk, DiskFile, Writes};

pub(super) const PREFIX: &str = "toolwatch-audit-seal-v1";
const SLOT_BYTES: usize = 4096;
/// Writers at once that the next start can look after; more than run in one directory.
pub(in crate::audit) const MAX_OPEN: usize = 256;

/// What the file says.
#[derive(Clone)]
pub(in crate::audit) struct SealingState {
    pub(in crate::audit) log_id: LogId,
    pub(in crate::audit) chain: ChainKey,
    /// Writers that have begun and of which nobody has seen the end; at most [`MAX_OPEN`].
    pub(in crate::audit) open: Vec<u32>,
    /// Counts the states, so that the later of two is known.
    turn: u64,
}

/// The file, whose lock this process holds.
pub(in crate::audit) struct SealingKey {
    file: Arc<dyn DiskFile>,
    slot: usize,
    pub(in crate::audit) state: SealingState,
}

/// Makes the file of a new log.
///
/// # Errors
/// Fails when it is there already, or cannot be written.
pub(in crate::audit) fn write_new(
    disk: &dyn Disk,
    path: &Path,
    log_id: LogId,
    chain: ChainKey,
) -> io::Result<()> {
    let file = disk.create(path, Writes::AtPositions)?;
    let state = SealingState { log_id, chain, open: Vec::new(), turn: 0 };
    file.write_at(0, &state.to_slot())?;
    file.write_at(SLOT_BYTES as u64, &[0; SLOT_BYTES])?;
    file.sync()
}

impl SealingKey {
    /// Takes the file, or `None` while another process holds it.
    ///
    /// # Errors
    /// Fails when it is not there, not private, or damaged.
    pub(in crate::audit) fn take(disk: &dyn Disk, path: &Path) -> io::Result<Option<Self>> {
        std::fs::symlink_metadata(path)?;
        let Some(file) = disk.adopt(path, Writes::AtPositions)? else { return Ok(None) };
        let (slot, state) = read(&*file)?;
        let mut key = Self { file, slot, state };
        // A crash may have left the older state in the other slot.
        key.wipe_other()?;
        Ok(Some(key))
    }

    /// Writes the state anew and wipes the one before.
    ///
    /// # Errors
    /// Fails when it cannot be made durable; then the file still holds a whole state.
    pub(in crate::audit) fn store(&mut self) -> io::Result<()> {
        self.state.turn += 1;
        let next = 1 - self.slot;
        self.file.write_at((next * SLOT_BYTES) as u64, &self.state.to_slot())?;
        self.file.sync()?;
        self.slot = next;
        self.wipe_other()
    }

    /// Lets go of the file, also where a copy of the process has it open.
    pub(in crate::audit) fn release(self) {
        self.file.unlock();
    }

    fn wipe_other(&mut self) -> io::Result<()> {
        let other = ((1 - self.slot) * SLOT_BYTES) as u64;
        let mut bytes = [0; SLOT_BYTES];
        let have = crate::spool::read_full(&*self.file, other, &mut bytes)?;
        if have == SLOT_BYTES && bytes.iter().all(|&byte| byte == 0) {
            return Ok(());
        }
        self.file.write_at(other, &[0; SLOT_BYTES])?;
        self.file.sync()
    }
}

/// What the file says, whoever holds it.
///
/// # Errors
/// Fails when it cannot be read or is damaged.
pub(in crate::audit) fn peruse(disk: &dyn Disk, path: &Path) -> io::Result<SealingState> {
    Ok(read(&*disk.peruse(path)?)?.1)
}

fn read(file: &dyn DiskFile) -> io::Result<(usize, SealingState)> {
    let mut bytes = Zeroizing::new([0; 2 * SLOT_BYTES]);
    crate::spool::read_full(file, 0, &mut *bytes)?;
    let slots = bytes.chunks_exact(SLOT_BYTES).map(SealingState::from_slot).enumerate();
    let whole = slots.filter_map(|(slot, state)| Some((slot, state?)));
    whole
        .max_by_key(|(_, state)| state.turn)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the file holds no sealing key"))
}

impl SealingState {
    fn to_slot(&self) -> Zeroizing<Vec<u8>> {
        let secret = self.chain.secret.to_hex();
        let open: Vec<String> = self.open.iter().map(u32::to_string).collect();
        let (log_id, writer_id) = (hex::encode(&self.log_id), self.chain.writer_id);
        let text = Zeroizing::new(format!(
            "{PREFIX} {} {log_id} {writer_id} {} [{}]",
            self.turn,
            *secret,
            open.join(",")
        ));
        let sum = hex::encode(&Sha256::digest(text.as_bytes())[..8]);
        let mut slot = Zeroizing::new(Vec::with_capacity(SLOT_BYTES));
        slot.extend_from_slice(text.as_bytes());
        slot.push(b' ');
        slot.extend_from_slice(sum.as_bytes());
        slot.push(b'\n');
        slot.resize(SLOT_BYTES, 0);
        slot
    }

    fn from_slot(slot: &[u8]) -> Option<Self> {
        let end = slot.iter().position(|&byte| byte == b'\n')?;
        let (text, sum) = std::str::from_utf8(&slot[..end]).ok()?.rsplit_once(' ')?;
        if hex::encode(&Sha256::digest(text.as_bytes())[..8]) != sum {
            return None;
        }
        let mut words = text.split(' ');
        if words.next()? != PREFIX {
            return None;
        }
        let turn = words.next()?.parse().ok()?;
        let mut log_id = LogId::default();
        if !hex::decode(words.next()?.as_bytes(), &mut log_id) {
            return None;
        }
        let writer_id = words.next()?.parse().ok()?;
        let secret = Secret::from_hex(words.next()?.as_bytes())?;
        let list = words.next()?.strip_prefix('[')?.strip_suffix(']')?;
        let open = list.split(',').filter(|word| !word.is_empty());
        let open = open.map(|word| word.parse().ok()).collect::<Option<Vec<u32>>>()?;
        Some(Self { log_id, chain: ChainKey { secret, writer_id }, open, turn })
    }
}
