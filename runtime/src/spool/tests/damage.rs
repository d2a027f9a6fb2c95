//! A segment damaged at every byte: never a panic, every other record recovered, the loss counted.

use super::*;
use crate::spool::disk::Writes;
use crate::spool::simulated::{Dice, Machine};

/// Some more than a batch, so that damage lies at the edge of one as well.
const RECORDS: u64 = 51;
/// Operations that a recovery of a damaged segment needs at most.
const MAX_OPERATIONS: u64 = 10_000;

/// The bytes of a segment with some records, and the ends of its frames.
fn segment() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    frame::write_header(&mut bytes, 1, b"\"server_name\":\"docs\"");
    let mut ends = vec![bytes.len()];
    for number in 0..RECORDS {
        frame::write_frame(&mut bytes, u32::try_from(number).unwrap(), &payload(number));
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// Puts files where those of a dead process would be, recovers them, and returns what was recovered
/// and how many records were lost.
pub(super) fn recover(files: &[(&str, &[u8])]) -> (Vec<Vec<u8>>, u64) {
    let machine = Machine::new(Dice(0));
    let disk = machine.start();
    let directory = Path::new("/sim/spool");
    disk.prepare(directory).unwrap();
    let name = crate::event::EventId::fresh();
    for (ending, bytes) in files {
        let path = directory.join(format!("{name}.{ending}"));
        disk.create(&path, Writes::AtPositions).unwrap().write_at(0, bytes).unwrap();
    }
    machine.kill(disk.process);
    machine.set_budget(MAX_OPERATIONS);
    let settings = settings(Path::new("/sim"), 1 << 20);
    let spool = Spool::new(Arc::new(machine.start()), Arc::new(ManualClock::default()), settings);
    spool.adopt_orphans();
    let recovered = drain(&spool);
    let stats = spool.stats();
    assert!(stats.is_balanced() && stats.adopted().spooled() == 0 && stats.disk_errors == 0);
    spool.close();
    spool.adopt_orphans();
    assert_eq!(machine.files(), Vec::<std::path::PathBuf>::new());
    let lost = |reason| stats.adopted().dropped(reason);
    (recovered, lost(DropReason::Damaged) + lost(DropReason::Torn))
}

/// The record that a byte belongs to; none in the header.
fn record_at(ends: &[usize], position: usize) -> Option<u64> {
    let frame = ends.iter().position(|&end| position < end)?;
    (frame as u64).checked_sub(1)
}

#[test]
fn one_damaged_byte_costs_at_most_its_own_record() {
    let (bytes, ends) = segment();
    for position in 0..bytes.len() {
        for change in [|byte: u8| byte ^ 0xFF, |byte: u8| byte ^ 1, |_| 0] {
            let mut damaged = bytes.clone();
            damaged[position] = change(damaged[position]);
            if damaged == bytes {
                continue;
            }
            let (recovered, lost) = recover(&[("seg", &damaged)]);
            let victim = record_at(&ends, position);
            let expect: Vec<_> =
                (0..RECORDS).filter(|&number| Some(number) != victim).map(payload).collect();
            assert_eq!(recovered, expect, "byte {position}");
            assert_eq!(lost, u64::from(victim.is_some()), "byte {position}");
        }
    }
}

#[test]
fn damage_at_the_end_of_the_active_segment_is_counted_once() {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    fill(&spool, 0..3);
    let path = segment_files(home.path()).remove(0);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let len = file.metadata().unwrap().len();
    crate::spool::disk::DiskFile::write_at(&file, len - 1, b"?").unwrap();
    assert_eq!(drain(&spool), [0, 1].map(payload));
    fill(&spool, 3..6);
    assert_eq!(drain(&spool), [3, 4, 5].map(payload));
    let own = *spool.stats().own();
    assert_eq!((own.delivered(), own.dropped(DropReason::Damaged)), (5, 1));
}

#[test]
fn a_segment_cut_anywhere_keeps_its_whole_records() {
    let (bytes, ends) = segment();
    for len in 0..bytes.len() {
        let (recovered, lost) = recover(&[("seg", &bytes[..len])]);
        let whole = ends.iter().filter(|&&end| end <= len).count().saturating_sub(1) as u64;
        assert_eq!(recovered, (0..whole).map(payload).collect::<Vec<_>>(), "length {len}");
        assert_eq!(lost, u64::from(len > 0 && !ends.contains(&len)), "length {len}");
    }
}

#[test]
fn a_zeroed_stretch_costs_only_the_records_that_it_touches() {
    let (bytes, ends) = segment();
    for start in 0..bytes.len() {
        let mut damaged = bytes.clone();
        let end = (start + 100).min(bytes.len());
        damaged[start..end].fill(0);
        let (recovered, lost) = recover(&[("seg", &damaged)]);
        let untouched: Vec<_> = (0..RECORDS)
            .filter(|&number| ends[number as usize + 1] <= start || ends[number as usize] >= end)
            .collect();
        assert_eq!(
            recovered,
            untouched.iter().map(|&number| payload(number)).collect::<Vec<_>>(),
            "from {start}"
        );
        if untouched.last() == Some(&(RECORDS - 1)) {
            assert_eq!(lost, RECORDS - untouched.len() as u64, "from {start}");
        }
    }
}

#[test]
fn arbitrary_bytes_are_no_segment_and_no_hang() {
    let mut state = 1_u64;
    for len in [1, 3, 4, 17, 100, 5000, 200_000] {
        let bytes: Vec<u8> = (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                // Full of frame starts, so that the search has much to try.
                if state >> 62 == 0 {
                    frame::FRAME_MAGIC[(state >> 40) as usize % 4]
                } else {
                    (state >> 33) as u8
                }
            })
            .collect();
        let (recovered, _) = recover(&[("seg", &bytes)]);
        assert!(recovered.is_empty());
    }
}

#[test]
fn an_acknowledgement_that_is_torn_falls_back_to_the_one_before() {
    let at = |offset| ack::Acknowledged { offset, next_sequence: 1 };
    let mut file = vec![0; 48];
    for (turn, offset) in [(0, 100), (1, 200), (2, 300)] {
        let (place, slot) = ack::encode(turn, at(offset));
        file[place as usize..place as usize + slot.len()].copy_from_slice(&slot);
    }
    let read = |file: &[u8]| ack::read(file, &(0..=300)).unwrap();
    assert_eq!(read(&file), Some((at(300), 2)));
    file[5] ^= 1;
    assert_eq!(read(&file), Some((at(200), 1)));
    file[30] ^= 1;
    assert_eq!(read(&file), None);
    assert_eq!(read(&file[..10]), None);
}
