//! Damage to what lies beside a segment, and damage of every kind at random places.

use std::time::Instant;

use super::damage::recover;
use super::*;
use crate::spool::simulated::Dice;

const RECORDS: u64 = 50;
/// Random damages of one run, times `TOOLWATCH_TEST_SCALE`.
const ROUNDS: u64 = 1_000;

/// A segment, and the position behind each of its frames; the first is behind the header.
fn segment() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    frame::write_header(&mut bytes, 1, b"\"server_name\":\"docs\"");
    let mut ends = vec![bytes.len()];
    for number in 0..RECORDS {
        frame::write_frame(&mut bytes, number as u32, &payload(number));
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn numbers(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range.map(payload).collect()
}

/// The bytes with one changed, in each of three ways, and without the end.
fn damages(bytes: &[u8], position: usize) -> impl Iterator<Item = Vec<u8>> {
    let changed = [0xFF, 1, bytes[position]].map(|mask| {
        let mut damaged = bytes.to_vec();
        damaged[position] ^= mask;
        damaged
    });
    changed.into_iter().chain([bytes[..position].to_vec()])
}

#[test]
fn a_damaged_acknowledgement_sends_more_again_and_loses_nothing() {
    let (bytes, ends) = segment();
    let mut acknowledged = vec![0; 48];
    for (turn, settled) in [(0, 10), (1, 20)] {
        let upto =
            ack::Acknowledged { offset: ends[settled] as u64, next_sequence: settled as u32 };
        let (place, slot) = ack::encode(turn, upto);
        acknowledged[place as usize..place as usize + slot.len()].copy_from_slice(&slot);
    }
    let read = |ack: &[u8]| recover(&[("seg", &bytes), ("ack", ack)]);
    assert_eq!(read(&acknowledged), (numbers(20..RECORDS), 0));
    let mut tried = 0;
    for position in 0..acknowledged.len() {
        for damaged in damages(&acknowledged, position) {
            let is_latest_whole = damaged.get(24..48) == Some(&acknowledged[24..]);
            let is_first_whole = damaged.get(..24) == Some(&acknowledged[..24]);
            let from = [0, 10, 20][if is_latest_whole { 2 } else { usize::from(is_first_whole) }];
            assert_eq!(read(&damaged), (numbers(from..RECORDS), 0), "byte {position}");
            tried += 1;
        }
    }
    // A power loss can take the end of a segment and leave its acknowledgement.
    for len in 0..bytes.len() {
        let whole = ends.iter().filter(|&&end| end <= len).count().saturating_sub(1) as u64;
        let from = [20, 10, 0].into_iter().find(|&from| ends[from] <= len.max(ends[0])).unwrap();
        let (recovered, _) = recover(&[("seg", &bytes[..len]), ("ack", &acknowledged)]);
        assert_eq!(recovered, numbers((from as u64).min(whole)..whole), "length {len}");
        tried += 1;
    }
    eprintln!("{tried} damaged acknowledgements: 0 events lost");
}

#[test]
fn an_acknowledgement_that_cannot_be_read_now_is_read_later() {
    let home = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let spool = || {
        let disk = Arc::new(FaultyDisk { faults: Arc::clone(&faults) });
        Spool::new(disk, Arc::new(ManualClock::default()), settings(home.path(), 1 << 20))
    };
    let before = spool();
    fill(&before, 0..9);
    let mut claim = before.claim(LIMITS, false).unwrap();
    before.settle(&mut claim, 6, Verdict::Delivered { rejected: 0 });
    before.release();
    let next = spool();
    for (errors, fault) in [&faults.no_ack_open, &faults.no_ack_read].into_iter().enumerate() {
        fault.store(true, Ordering::Relaxed);
        next.adopt_orphans();
        fault.store(false, Ordering::Relaxed);
        let stats = next.stats();
        assert_eq!((stats.adopted().captured(), stats.disk_errors), (0, errors as u64 + 1));
    }
    next.adopt_orphans();
    assert_eq!(drain(&next), numbers(6..9), "and nothing again that was delivered");
}

/// Begin records at the file's own places: three calls under way, one that has ended.
fn begun() -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let spool = spool(home.path(), 1 << 20);
    let mut begun: Vec<_> = (0..4).map(|number| spool.begin(&payload(number)).unwrap()).collect();
    spool.end(begun.remove(2));
    let entries = std::fs::read_dir(home.path().join("spool")).unwrap();
    std::fs::read(entries.last().unwrap().unwrap().path()).unwrap()
}

#[test]
fn a_damaged_byte_of_begin_records_costs_at_most_its_own() {
    let bytes = begun();
    let slot = |position: usize| position.checked_sub(20 * 1024).map(|behind| behind / 4096);
    let used: Vec<_> = (0..bytes.len())
        // All of the header and of the frames, and some of the free bytes between.
        .filter(|&position| bytes[position] != 0 || position % 4096 < 24 || position % 509 == 0)
        .collect();
    let mut lost_in_all = 0;
    for &position in &used {
        for (kind, damaged) in damages(&bytes, position).enumerate() {
            let is_same = damaged == bytes;
            let (recovered, lost) = recover(&[("begun", &damaged)]);
            let is_whole = |number: u64| {
                let end = 20 * 1024 + number as usize * 4096 + 16 + payload(number).len();
                // The fourth kind is a cut.
                let is_hit = position < end && slot(position) == Some(number as usize);
                if kind == 3 { end <= position } else { is_same || !is_hit }
            };
            let expect: Vec<_> = [0, 1, 3].into_iter().filter(|&number| is_whole(number)).collect();
            let found: Vec<_> = expect.iter().map(|&number| payload(number)).collect();
            assert_eq!(recovered, found, "byte {position}, damage {kind}");
            assert!(kind == 3 || lost == 3 - expect.len() as u64, "byte {position}, damage {kind}");
            lost_in_all += lost;
        }
    }
    eprintln!("{} bytes of begin records: {lost_in_all} own records lost", used.len());
}

/// Where a round damages the segment, and how.
fn strike(bytes: &mut [u8], dice: &mut Dice, hit: &mut [bool]) {
    let start = dice.below(bytes.len() as u64) as usize;
    let len = match dice.below(3) {
        0 => 1,
        1 => dice.below(40),
        _ => dice.below(700),
    };
    let end = (start + len as usize).min(bytes.len());
    let kind = dice.below(3);
    for position in start..end {
        bytes[position] = match kind {
            0 => 0,
            1 => bytes[position] ^ (1 << dice.below(8)),
            _ => dice.below(256) as u8,
        };
        hit[position] = true;
    }
}

#[test]
fn records_that_no_damage_touched_are_recovered_and_the_others_counted() {
    let (bytes, ends) = segment();
    let (mut recovered_in_all, mut lost_in_all) = (0, 0);
    for seed in 0..ROUNDS * scale() {
        let mut dice = Dice(seed);
        let (mut damaged, mut hit) = (bytes.clone(), vec![false; bytes.len()]);
        (0..=dice.below(6)).for_each(|_| strike(&mut damaged, &mut dice, &mut hit));
        let is_whole = |number: u64| {
            let frame = ends[number as usize]..ends[number as usize + 1];
            frame.clone().all(|at| !hit[at]) || damaged[frame.clone()] == bytes[frame]
        };
        let whole: Vec<_> = (0..RECORDS).filter(|&number| is_whole(number)).collect();
        let (recovered, lost) = recover(&[("seg", &damaged)]);
        let expect: Vec<_> = whole.iter().map(|&number| payload(number)).collect();
        assert_eq!(recovered, expect, "seed {seed}");
        // Without its last record a segment does not tell how many it had.
        let is_exact = whole.last() == Some(&(RECORDS - 1));
        assert!(!is_exact || lost == RECORDS - whole.len() as u64, "seed {seed}: {lost}");
        recovered_in_all += whole.len();
        lost_in_all += lost;
    }
    let rounds = ROUNDS * scale();
    eprintln!("{rounds} damages: {recovered_in_all} recovered, {lost_in_all} lost, all accounted");
}

#[test]
fn a_full_spool_is_recovered_and_the_time_is_printed() {
    let home = tempfile::tempdir().unwrap();
    let cap = 64 << 20;
    let old = spool(home.path(), cap);
    let event = format!("{{\"event_id\":\"1\",\"padding\":\"{}\"}}", "x".repeat(570));
    let fits = (cap - (4 << 20)) / (event.len() as u64 + 16) - 100;
    (0..fits).for_each(|_| assert!(old.append(event.as_bytes()).is_none()));
    let _begun = old.begin(&payload(0)).unwrap();
    assert_eq!(old.stats().own().spooled(), fits, "nothing was evicted");
    old.release();
    old.first.begun.lock().unwrap().held = None;
    let next = spool(home.path(), cap);
    let start = Instant::now();
    next.adopt_orphans();
    let took = start.elapsed();
    let stats = next.stats();
    assert_eq!((stats.adopted().spooled(), stats.own().spooled()), (fits, 1));
    eprintln!("{fits} events of a 64 MiB spool recovered in {} ms", took.as_millis());
}
