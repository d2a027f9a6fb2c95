//! Readers of the spool's files, on a machine in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::spool::{
    Dice, Disk, DropReason, Limits, Machine, ManualClock, Settings, Spool, Verdict, Writes,
};

const DIRECTORY: &str = "/sim/spool";
/// Operations that a recovery takes at most: an endless loop runs out of them.
const MAX_OPERATIONS: u64 = 100_000;
const FRAME_MAGIC: [u8; 4] = [0xF7, b't', b'w', 0xF8];
const FRAME_HEADER: usize = 16;
const SLOT_BYTES: usize = 4096;
/// Slots that are written to, of 256: more make the fuzzer slow and nothing else.
const SLOTS: u8 = 8;
/// Where the slots of a file of begin records start: behind the largest header.
const FIRST_SLOT: usize = 20 * 1024;

/// Puts files where those of a dead process would be, lets a process recover and send what is in
/// them, and returns the payloads that it sent.
///
/// Holds: the account is in balance at every moment, what was counted as waiting was sent or counted
/// as damaged, no file is left, and it comes to an end.
fn recover(files: &[(&str, &[u8])]) -> Vec<Vec<u8>> {
    let machine = Machine::new(Dice(0));
    let dead = machine.start();
    let directory = Path::new(DIRECTORY);
    assert!(dead.prepare(directory).is_ok());
    for (ending, bytes) in files {
        let path = directory.join(format!("0193a000-0000-7000-8000-000000000000.{ending}"));
        let file = dead.create(&path, Writes::AtPositions).ok();
        assert!(file.is_some_and(|file| file.write_at(0, bytes).is_ok()));
    }
    machine.kill(dead.process);
    machine.set_budget(MAX_OPERATIONS);
    let settings = Settings {
        directory: Some(directory.to_owned()),
        max_bytes: 1 << 24,
        memory_max_bytes: 4096,
        keep_delivered: false,
        owner: Default::default(),
        common: Arc::from(b"\"server_name\":\"docs\"".as_slice()),
    };
    let spool = Spool::new(Arc::new(machine.start()), Arc::new(ManualClock::default()), settings);
    spool.adopt_orphans();
    let mut sent = Vec::new();
    let limits = Limits { max_events: 7, max_bytes: 1 << 16 };
    while let Some(mut claim) = spool.claim(limits, true) {
        sent.extend(claim.payloads(usize::MAX).map(<[u8]>::to_vec));
        let len = claim.len();
        spool.settle(&mut claim, len, Verdict::Delivered { rejected: 0 });
        assert!(spool.stats().is_balanced());
    }
    let stats = spool.stats();
    assert!(stats.is_balanced() && stats.own().spooled() + stats.adopted().spooled() == 0);
    assert_eq!(stats.own().delivered() + stats.adopted().delivered(), sent.len() as u64);
    let lost = [DropReason::Damaged, DropReason::Torn].map(|why| stats.adopted().dropped(why));
    assert_eq!(stats.adopted().dropped_total(), lost.iter().sum::<u64>());
    spool.close();
    // An acknowledgement without a segment goes when it is met for the second time.
    let _ = (spool.adopt_orphans(), spool.adopt_orphans());
    assert_eq!(machine.files(), Vec::<PathBuf>::new());
    sent
}

/// Gives frames that announce a length the checksum that they need, so that more than garbage is
/// tried.
fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while at + FRAME_HEADER <= bytes.len() {
        if bytes[at..at + 4] != FRAME_MAGIC {
            at += 1;
            continue;
        }
        let len = u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]);
        let end = at.saturating_add(FRAME_HEADER).saturating_add(len as usize);
        if end > bytes.len() {
            at += 4;
            continue;
        }
        let crc = crc32c::crc32c(&bytes[at + 4..at + 12]);
        let crc = crc32c::crc32c_append(crc, &bytes[at + FRAME_HEADER..end]);
        bytes[at + 12..at + 16].copy_from_slice(&crc.to_le_bytes());
        at = end;
    }
}

/// Gives a segment's header, if the bytes start with one, the checksum that it needs.
fn mend_header(bytes: &mut [u8]) {
    if bytes.len() < 24 || bytes[..4] != [0xF5, b'T', b'W', 0xF6] {
        return;
    }
    let len = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
    if let Some(rest) = bytes.get(16..24_usize.saturating_add(len)) {
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), rest);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    }
}

/// A segment of arbitrary bytes. The first byte says whether checksums are mended.
///
/// Holds, beside what recovery holds: every payload that is sent stands in the file, in this order.
pub(super) fn segment(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if how & 1 == 1 {
        mend_header(&mut bytes);
        mend(&mut bytes);
    }
    let sent = recover(&[("seg", &bytes)]);
    let mut rest = &bytes[..];
    for payload in sent {
        let place = match payload.len() {
            0 => Some(0),
            len => rest.windows(len).position(|window| window == payload),
        };
        assert!(place.is_some(), "a payload that is not in the file, or not there");
        rest = &rest[place.unwrap_or(0) + payload.len()..];
    }
}

/// An acknowledgement of arbitrary bytes beside a segment of nine records.
///
/// Holds, beside what recovery holds: what is sent are the last records, each once.
pub(super) fn ack(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let payload = |number: u8| format!("{{\"event_id\":\"{number}\"}}").into_bytes();
    let mut segment = Vec::new();
    for number in 0..9 {
        let payload = payload(number);
        segment.extend_from_slice(&FRAME_MAGIC);
        segment.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        segment.extend_from_slice(&u32::from(number).to_le_bytes());
        segment.extend_from_slice(&[0; 4]);
        segment.extend_from_slice(&payload);
    }
    mend(&mut segment);
    let mut bytes = bytes.to_vec();
    if how & 1 == 1 {
        for slot in bytes.chunks_exact_mut(24) {
            slot[..4].copy_from_slice(b"TWAK");
            let crc = crc32c::crc32c(&slot[..20]);
            slot[20..].copy_from_slice(&crc.to_le_bytes());
        }
    }
    let sent = recover(&[("seg", &segment), ("ack", &bytes)]);
    let all: Vec<_> = (0..9).map(payload).collect();
    assert!(all.ends_with(&sent), "sent twice, or out of order");
}

/// A file of begin records: pieces of `slot, length, bytes` behind a byte that says whether
/// checksums are mended.
///
/// Holds, beside what recovery holds: every payload that is sent stands in the file.
pub(super) fn begun(data: &[u8]) {
    let Some((&how, mut pieces)) = data.split_first() else { return };
    let mut file = vec![0; FIRST_SLOT];
    while let [slot, len, rest @ ..] = pieces {
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        // The last places are in the header and between two slots.
        let place = match *slot {
            255 => 0,
            254 => FIRST_SLOT + SLOT_BYTES / 2,
            slot => FIRST_SLOT + usize::from(slot % SLOTS) * SLOT_BYTES,
        };
        if file.len() < place + bytes.len() {
            file.resize(place + bytes.len(), 0);
        }
        file[place..place + bytes.len()].copy_from_slice(bytes);
        pieces = rest;
    }
    if how & 1 == 1 {
        mend_header(&mut file);
        mend(&mut file);
    }
    for payload in recover(&[("begun", &file)]) {
        let is_there = payload.is_empty() || file.windows(payload.len()).any(|at| at == payload);
        assert!(is_there, "a payload that is not in the file");
    }
}
