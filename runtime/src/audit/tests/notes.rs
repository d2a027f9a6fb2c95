//! Notes of checkpoints: those that a kill has cut, and those that must not be published.

use super::attacks::history;
use super::python::Python;
use super::*;

#[test]
fn a_note_that_is_cut_at_any_byte_is_no_damage() {
    let world = World::new();
    drop(history(&world));
    let mut python = Python::start();
    let text = std::fs::read_to_string(world.published()).unwrap();
    let start = text.trim_end().rfind("\n\ntoolwatch").unwrap() + 2;
    let (file, key) = (world.home.path().join("cut"), world.home.path().join("key"));
    let cuts = (start..=text.len()).filter(|&end| text.is_char_boundary(end));
    let next = &text[..=text.match_indices("\n\n").nth(1).unwrap().0 + 1];
    for (number, end) in cuts.enumerate() {
        // What is cut stands last, or has the note of the next process behind it.
        for behind in ["", next] {
            std::fs::write(&file, format!("{}{behind}", &text[..end])).unwrap();
            let verifier = Verifier::new(&world.key).checkpoints(&file);
            let report = verifier.verify(&world.log()).unwrap();
            assert_eq!(report.verdict(), Verdict::Intact, "{end}: {:?}", report.damages());
            assert!(report.checkpoints_unreadable() <= 1);
            if let (Some(python), true) = (&mut python, number % 8 == 0 || end == text.len()) {
                python.agrees(&report, &key, &world.log(), Some(&file));
            }
        }
    }
}

#[test]
fn a_note_behind_a_cut_one_is_a_note_of_its_own() {
    let world = World::new();
    drop(world.start());
    let whole = std::fs::read_to_string(world.published()).unwrap();
    assert_eq!(world.check_intact().checkpoints(), 2);
    // Within a line, behind a line, and behind the empty one.
    for cut in [whole.len() - 30, whole.rfind("\n\n\u{2014}").unwrap() + 2, whole.len()] {
        std::fs::write(world.published(), &whole[..cut]).unwrap();
        let found = world.check_intact().checkpoints();
        drop(world.start());
        let report = world.check_intact();
        assert_eq!(report.checkpoints(), found + 2, "{cut}");
        assert_eq!(report.checkpoints_unreadable(), u64::from(cut < whole.len()));
    }
}

#[test]
fn no_checkpoint_is_published_of_records_that_are_not_durable() {
    let world = World::new();
    let audit = world.builder().max_segment_bytes(8192).build().unwrap();
    append(&audit, 0..5);
    audit.tick();
    assert_eq!((audit.stats().checkpoints(), audit.stats().checkpoints_lost()), (1, 0));
    let before = std::fs::read(world.published()).unwrap();
    world.faults.no_sync.store(true, Ordering::Relaxed);
    // Also over what would be the ends of segments: none is left behind that is not durable.
    for turn in 1..4 {
        append(&audit, turn * 200..(turn + 1) * 200);
        audit.tick();
    }
    assert_eq!(std::fs::read(world.published()).unwrap(), before);
    let lost = audit.stats().checkpoints_lost();
    assert!(lost >= 3 && audit.stats().checkpoints() == 1, "{:?}", audit.stats());
    assert!(!world.segment(0, 1).exists());
    world.faults.no_sync.store(false, Ordering::Relaxed);
    append(&audit, 800..900);
    audit.tick();
    assert!(audit.stats().checkpoints() > 1 && audit.stats().checkpoints_lost() == lost);
    drop(audit);
    let report = world.check_intact();
    assert_eq!((report.lanes()[0].events, report.lanes()[0].missed), (705, 0));
    assert_eq!(report.lanes()[0].checkpointed, report.lanes()[0].records);
}
