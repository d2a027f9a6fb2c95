//! One behaviour each: policies, gaps, rotation, begin records, checkpoints, keys.

use super::python::Python;
use super::*;
use crate::event::EventType;
use crate::event::encode_tests::plain;

#[test]
fn a_closed_log_is_intact_and_says_what_it_holds() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..250);
    drop(audit);
    let report = world.check_intact();
    let lane = &report.lanes()[0];
    assert_eq!((lane.records, lane.events, lane.last_epoch), (252, 250, 2));
    assert_eq!((lane.end, lane.checkpointed), (LaneEnd::Closed, 252));
    // The first, one per 100 records, and the last.
    assert_eq!(report.checkpoints(), 4);
}

#[test]
fn an_empty_log_is_nothing_to_verify_and_a_missing_one_cannot_be_verified() {
    let world = World::new();
    assert_eq!(world.verify().verdict(), Verdict::Nothing);
    let error = Verifier::new(&world.key).verify(&world.home.path().join("none")).unwrap_err();
    assert!(error.is_storage());
}

#[test]
fn a_log_without_a_sealing_key_is_a_wrong_configuration() {
    let home = tempfile::tempdir().unwrap();
    let error = Audit::builder(home.path()).build().unwrap_err();
    assert!(error.is_configuration());
}

#[test]
fn degrade_counts_what_the_disk_refuses_and_the_log_says_so() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..10);
    world.faults.full.store(true, Ordering::Relaxed);
    append(&audit, 10..15);
    assert!(audit.admit(&plain(), &mut Vec::new()).is_ok());
    assert_eq!((audit.stats().missed(), audit.stats().is_failing()), (5, true));
    world.faults.full.store(false, Ordering::Relaxed);
    append(&audit, 15..16);
    drop(audit);
    let report = world.check_intact();
    assert_eq!((report.lanes()[0].events, report.lanes()[0].missed), (11, 5));
}

#[test]
fn refuse_lets_no_operation_run_that_is_not_recorded() {
    let world = World::new();
    let audit = world.builder().policy(Policy::Refuse).build().unwrap();
    let event = plain();
    audit.admit(&event, &mut Vec::new()).unwrap();
    audit.record(&event, None, &mut Vec::new());
    world.faults.full.store(true, Ordering::Relaxed);
    assert!(audit.admit(&event, &mut Vec::new()).unwrap_err().is_storage());
    assert_eq!((audit.stats().refused(), audit.stats().missed()), (1, 0));
    world.faults.full.store(false, Ordering::Relaxed);
    audit.admit(&event, &mut Vec::new()).unwrap();
    audit.record(&event, None, &mut Vec::new());
    audit.close();
    assert!(audit.admit(&event, &mut Vec::new()).is_err(), "a closed log records nothing");
    world.check_intact();
}

#[test]
fn a_short_write_is_cut_off_and_costs_its_own_record_alone() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..3);
    world.faults.short_writes.store(true, Ordering::Relaxed);
    world.faults.no_cut.store(true, Ordering::Relaxed);
    append(&audit, 3..5);
    world.faults.short_writes.store(false, Ordering::Relaxed);
    append(&audit, 5..6);
    assert_eq!(audit.stats().missed(), 3, "what cannot be cut cannot be followed");
    world.faults.no_cut.store(false, Ordering::Relaxed);
    append(&audit, 6..9);
    drop(audit);
    assert_eq!(world.check_intact().lanes()[0].events, 6);
}

#[test]
fn a_torn_line_is_cut_by_the_next_owner_who_records_it() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..7);
    world.kill(audit);
    let path = world.segment(0, 0);
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 40]).unwrap();
    let report = world.check_intact();
    assert_eq!((report.lanes()[0].end, report.lanes()[0].torn_bytes > 0), (LaneEnd::Open, true));
    drop(world.start());
    let report = world.check_intact();
    assert_eq!((report.lanes()[0].end, report.lanes()[0].torn_bytes), (LaneEnd::Recovered, 0));
    assert_eq!(report.lanes()[0].events, 6);
    let own = std::fs::read_to_string(world.segment(1, 0)).unwrap();
    assert!(own.contains("\"type\":\"recovered\"") && own.contains("\"writer_id\":0,\"size\":7"));
}

#[test]
fn what_was_under_way_at_a_kill_is_reported_interrupted_by_the_next_start() {
    let world = World::new();
    let audit = world.builder().begin_records().build().unwrap();
    let (ended, cut_off) = (plain(), plain());
    assert_ne!(ended.id, cut_off.id);
    for event in [&ended, &cut_off] {
        audit.admit(event, &mut Vec::new()).unwrap();
    }
    audit.record(&ended, None, &mut Vec::new());
    world.kill(audit);
    drop(world.start());
    let report = world.check_intact();
    assert_eq!(report.lanes()[0].unfinished, 1);
    let own = std::fs::read_to_string(world.segment(1, 0)).unwrap();
    let lines: Vec<_> =
        own.lines().filter(|line| line.contains("\"type\":\"interrupted\"")).collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(&cut_off.id.to_string()), "{}", lines[0]);
}

#[test]
fn rotation_goes_on_in_the_next_segment_and_survives_a_full_disk() {
    let world = World::new();
    let audit = world.builder().max_segment_bytes(8192).server("demo", "1.0").build().unwrap();
    append(&audit, 0..60);
    world.faults.full.store(true, Ordering::Relaxed);
    append(&audit, 60..70);
    world.faults.full.store(false, Ordering::Relaxed);
    append(&audit, 70..120);
    drop(audit);
    let report = world.check_intact();
    let lane = &report.lanes()[0];
    assert_eq!((lane.events, lane.missed), (110, 10));
    assert!(lane.segments > 5, "{lane:?}");
    let second = std::fs::read_to_string(world.segment(0, 1)).unwrap();
    assert!(second.contains("{\"segment\":1,\"server_name\":\"demo\",\"server_version\":\"1.0\"}"));
}

#[test]
fn the_thread_seals_and_steps_before_a_caller_has_to() {
    let world = World::new();
    let audit = world.start();
    for turn in 0..40 {
        append(&audit, turn * 25..(turn + 1) * 25);
        world.clock.advance(Duration::from_millis(25));
        audit.tick();
    }
    let (records, checkpoints) = (audit.stats().records(), audit.stats().checkpoints());
    audit.close();
    let report = world.check_intact();
    // A caller would do it after 100 records.
    assert!(report.lanes()[0].last_epoch >= records / 80, "{report:?}");
    assert!(checkpoints >= records / 80, "{checkpoints}");
}

#[test]
fn an_idle_log_publishes_a_checkpoint_every_ten_seconds() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..5);
    for _ in 0..60 {
        world.clock.advance(Duration::from_secs(1));
        audit.tick();
    }
    assert_eq!(audit.stats().checkpoints(), 7);
    drop(audit);
    assert_eq!(world.check_intact().checkpoints(), 8);
}

#[test]
fn a_key_that_has_sealed_something_is_gone_after_a_second() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..5);
    let epoch = audit.stolen_key().epoch;
    world.clock.advance(Duration::from_millis(999));
    audit.tick();
    assert_eq!(audit.stolen_key().epoch, epoch);
    world.clock.advance(Duration::from_millis(1));
    audit.tick();
    assert_eq!(audit.stolen_key().epoch, epoch + 1);
    world.clock.advance(Duration::from_secs(3600));
    audit.tick();
    assert_eq!(audit.stolen_key().epoch, epoch + 1, "an unused key tells of nothing");
}

#[test]
fn the_sealing_key_on_disk_says_nothing_of_lanes_that_were_begun() {
    let world = World::new();
    let states: Vec<_> = (0..4)
        .map(|_| {
            let audit = world.start();
            let found = std::fs::read(world.log().join("sealing.key")).unwrap();
            (audit, found)
        })
        .collect();
    for (number, (_, found)) in states.iter().enumerate() {
        let mut chain = world.key.chain();
        for link in 0..=number + 1 {
            let secret = chain.secret.to_hex();
            let has = found.windows(64).any(|window| window == secret.as_bytes());
            assert_eq!(has, link == number + 1, "link {link} with writer {number}");
            chain.advance();
        }
    }
}

#[test]
fn checkpoints_are_found_among_the_lines_of_stderr() {
    let world = World::new();
    let notes = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&notes);
    let audit = world
        .builder()
        .checkpoint_to(move |note| {
            let escaped = note.replace('\n', "\\n");
            let line =
                format!("Nov 21 host demo: {{\"toolwatch_checkpoint\":\"{escaped}\"}}\nother\n");
            kept.lock().unwrap().push_str(&line);
        })
        .build()
        .unwrap();
    append(&audit, 0..150);
    drop(audit);
    let captured = world.home.path().join("stderr");
    std::fs::write(&captured, &*notes.lock().unwrap()).unwrap();
    let verify = || Verifier::new(&world.key).checkpoints(&captured).verify(&world.log()).unwrap();
    assert_eq!((verify().verdict(), verify().checkpoints()), (Verdict::Intact, 3));
    std::fs::remove_file(world.segment(0, 0)).unwrap();
    assert!(verify().verdict().is_damaged());
}

#[test]
fn a_checkpoint_made_by_the_verifier_binds_what_is_there() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..20);
    audit.kill();
    let (report, notes) = Verifier::new(&world.key).checkpoint(&world.log()).unwrap();
    assert!(report.verdict().is_intact());
    let own = world.home.path().join("own");
    std::fs::write(&own, notes).unwrap();
    // The key asks for signatures; this note has a seal that no key of a server can make.
    let (mut python, key) = (Python::start(), world.home.path().join("key"));
    let mut verify = || {
        let report = Verifier::new(&world.key).checkpoints(&own).verify(&world.log()).unwrap();
        if let Some(python) = &mut python {
            python.agrees(&report, &key, &world.log(), Some(&own));
        }
        report
    };
    let report = verify();
    assert_eq!((report.verdict(), report.lanes()[0].checkpointed), (Verdict::Intact, 21));
    let text = std::fs::read_to_string(world.segment(0, 0)).unwrap();
    let kept: String = text.split_inclusive('\n').take(15).collect();
    std::fs::write(world.segment(0, 0), kept).unwrap();
    assert_eq!(verify().damages()[0].kind, DamageKind::Cut);
    // Another size under the same seal.
    let note = std::fs::read_to_string(&own).unwrap();
    std::fs::write(&own, note.replacen("\n21\n", "\n15\n", 1)).unwrap();
    assert_eq!(verify().damages()[0].kind, DamageKind::CheckpointForged);
}

#[test]
fn an_operation_leaves_its_shape_and_no_value_and_no_intent() {
    let world = World::new();
    let audit = world.builder().begin_records().build().unwrap();
    let mut event = plain();
    event.event_type = EventType::ToolCall;
    event.intent = Some(crate::event::IntentRecord {
        text: Some(crate::event::Intent::clean("find the secret plan", 500)),
        ..Default::default()
    });
    if let Some(arguments) = &mut event.arguments {
        arguments.fields[2].value =
            Some(crate::shape::Exposed(crate::shape::Inner::Int(424_242_142_424_217)));
    }
    audit.admit(&event, &mut Vec::new()).unwrap();
    audit.record(&event, None, &mut Vec::new());
    drop(audit);
    let text = std::fs::read_to_string(world.segment(0, 0)).unwrap();
    assert!(!text.contains("secret plan") && !text.contains("424242142424217"));
    assert!(text.contains("\"query\":{\"type\":\"string\",\"len\":90}"));
    assert!(text.contains("\"hash\":\"0123456789abcdef\"") && text.contains("\"outcome\":\"ok\""));
    world.check_intact();
}
