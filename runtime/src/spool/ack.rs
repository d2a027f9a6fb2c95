//! The acknowledgement beside a segment: how far it has been settled.
//!
//! Two slots are written in turn, so that a torn write leaves the older one readable.

use std::io;
use std::ops::RangeInclusive;

use super::frame::read_u32;
use super::scan::{self, ReadAt};

const MAGIC: u32 = 0x4B41_5754;
const SLOT_BYTES: usize = 24;

/// How far a segment has been settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    /// The position behind the last settled frame.
    pub(crate) offset: u64,
    /// The sequence number of the first frame that is not settled.
    pub(crate) next_sequence: u32,
}

/// The slot's place and bytes for the `turn`th acknowledgement of a segment.
pub(crate) fn encode(turn: u32, acknowledged: Acknowledged) -> (u64, [u8; SLOT_BYTES]) {
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&MAGIC.to_le_bytes());
    slot[4..8].copy_from_slice(&turn.to_le_bytes());
    slot[8..16].copy_from_slice(&acknowledged.offset.to_le_bytes());
    slot[16..20].copy_from_slice(&acknowledged.next_sequence.to_le_bytes());
    let crc = crc32c::crc32c(&slot[..20]);
    slot[20..].copy_from_slice(&crc.to_le_bytes());
    (u64::from(turn % 2) * SLOT_BYTES as u64, slot)
}

/// Reads the later of the whole slots that name a position in the segment, and its turn. Others are
/// passed over: a power loss can take the end of a segment and leave its acknowledgement.
///
/// # Errors
/// Fails when the source cannot be read.
pub(crate) fn read<R: ReadAt + ?Sized>(
    source: &R,
    positions: &RangeInclusive<u64>,
) -> io::Result<Option<(Acknowledged, u32)>> {
    let mut bytes = [0; 2 * SLOT_BYTES];
    let have = scan::read_full(source, 0, &mut bytes)?;
    let slots = bytes[..have].chunks_exact(SLOT_BYTES).filter_map(decode);
    let fitting = slots.filter(|(slot, _)| positions.contains(&slot.offset));
    Ok(fitting.max_by_key(|(slot, _)| slot.offset))
}

fn decode(slot: &[u8]) -> Option<(Acknowledged, u32)> {
    if read_u32(slot, 0)? != MAGIC || crc32c::crc32c(&slot[..20]) != read_u32(slot, 20)? {
        return None;
    }
    let offset = u64::from_le_bytes(slot[8..16].try_into().ok()?);
    Some((Acknowledged { offset, next_sequence: read_u32(slot, 16)? }, read_u32(slot, 4)?))
}
