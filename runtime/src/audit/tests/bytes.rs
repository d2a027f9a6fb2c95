//! Every single byte of a log of 1,000 records: whatever it becomes, the verifier says so.

use super::*;
use crate::audit::verify::internals::{Damages, LaneCheck, Log};

/// The check of a lane whose line `at` is about to be read.
fn found(check: &LaneCheck<'_>, bytes: &[u8], is_end: bool) -> bool {
    let (mut check, mut damages) = (check.clone(), Damages::default());
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let rest = lines.pop().unwrap_or_default();
    for line in lines {
        check.line(line, &mut damages);
        if damages.count > 0 {
            return true;
        }
    }
    if is_end {
        check.end_segment(rest, true, &mut damages);
        check.end(&mut damages);
    } else {
        assert!(rest.is_empty());
    }
    damages.count > 0
}

#[test]
fn every_change_of_a_single_byte_of_a_thousand_records_is_found() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..998);
    audit.close();
    let text = std::fs::read(world.segment(0, 0)).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    assert_eq!(lines.len(), 1000);
    let log = Log { log_id: *world.key.log() };
    let mut check = LaneCheck::new(&log, 0, world.key.chain().writer(), Vec::new());
    let mut nothing = Damages::default();
    check.segment(0, &mut nothing);
    // At scale 1 every 13th byte, at other places of each line; at scale 13 every byte becomes one
    // other, and at scale 3315 each of the 255 others.
    let step = (13 / scale()).max(1) as usize;
    let others = (scale() / 13).clamp(1, 255) as u8;
    let (mut changed, mut unseen, mut offset) = (0u64, Vec::new(), 0);
    for (number, line) in lines.iter().enumerate() {
        // A changed newline needs the next line to be seen; the last line stands at the end.
        let two: Vec<u8> = lines[number..(number + 2).min(1000)].concat();
        let is_end = number + 2 >= 1000;
        for at in (0..line.len()).filter(|at| (offset + at) % step == 0) {
            let mut bytes = two.clone();
            for other in 0..others {
                // By turns; with 255 of them each value comes once.
                let bits = ((offset + at + usize::from(other)) % 255 + 1) as u8;
                bytes[at] = two[at] ^ bits;
                changed += 1;
                if !found(&check, &bytes, is_end) {
                    unseen.push((number + 1, at));
                }
            }
        }
        offset += line.len();
        check.line(line.strip_suffix(b"\n").unwrap(), &mut nothing);
    }
    assert_eq!(nothing.count, 0);
    eprintln!("audit: {changed} changes of {} bytes, {} unseen", text.len(), unseen.len());
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn a_changed_byte_is_found_in_the_file_as_well() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..20);
    audit.close();
    let text = std::fs::read(world.segment(0, 0)).unwrap();
    let mut python = super::python::Python::start();
    for at in (0..text.len()).step_by(97).chain(text.len() - 3..text.len()) {
        for value in [b'\n', b'"', b'0', 0, 0xff] {
            let mut bytes = text.clone();
            if std::mem::replace(&mut bytes[at], value) == value {
                continue;
            }
            std::fs::write(world.segment(0, 0), &bytes).unwrap();
            let report = Verifier::new(&world.key).verify(&world.log()).unwrap();
            assert!(report.verdict().is_damaged(), "byte {at} to {value}");
            if let Some(python) = &mut python {
                python.agrees(&report, &world.home.path().join("key"), &world.log(), None);
            }
        }
    }
}
