//! What an attacker without any key puts into the directory: so that the next start tells a lie, or
//! that a verifier waits, counts or fails for ever.

use super::python::Python;
use super::*;

/// Both verifiers, without checkpoints, and the kinds of what they found.
#[track_caller]
fn found(world: &World, python: &mut Option<Python>) -> Vec<DamageKind> {
    let report = Verifier::new(&world.key).verify(&world.log()).unwrap();
    if let Some(python) = python {
        python.agrees(&report, &world.home.path().join("key"), &world.log(), None);
    }
    report.damages().iter().map(|damage| damage.kind).collect()
}

/// Kills a writer with these operations under way, lets the attacker change the lines of its lane,
/// starts the next one, and undoes what the attacker did. Returns what that one has recorded.
fn recovered_with(world: &World, under_way: u64, attack: impl Fn(&mut Vec<String>)) -> String {
    let audit = world.builder().begin_records().build().unwrap();
    for number in 0..under_way {
        audit.begin(&body(number)).unwrap();
    }
    append(&audit, under_way..under_way + 3);
    let writer_id = audit.writer_id();
    world.kill(audit);
    let path = world.segment(writer_id, 0);
    let before = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = before.split_inclusive('\n').map(str::to_owned).collect();
    attack(&mut lines);
    std::fs::write(&path, lines.concat()).unwrap();
    drop(world.start());
    std::fs::write(&path, before).unwrap();
    std::fs::read_to_string(world.segment(writer_id + 1, 0)).unwrap()
}

/// A line like this one of another type and operation, behind it. Nothing seals it.
fn insert(lines: &mut Vec<String>, like: usize, kind: &str, number: u64) {
    let of = |number: u64| String::from_utf8(body(number)).unwrap();
    let own = lines[like].split_once("\"body\":").unwrap().1.split_once(",\"mac\"").unwrap().0;
    let line = lines[like].replace(own, &of(number));
    let line = ["begun", "event"].iter().fold(line, |line, old| {
        line.replace(&format!("\"type\":\"{old}\""), &format!("\"type\":\"{kind}\""))
    });
    lines.insert(like + 1, line);
}

#[test]
fn a_line_without_a_mac_cannot_make_the_next_start_lie_unseen() {
    let world = World::new();
    let mut python = Python::start();
    let own = recovered_with(&world, 2, |_| {});
    assert_eq!(own.matches("\"type\":\"interrupted\"").count(), 2);
    assert!(own.contains(",\"interrupted\":2}"), "{own}");
    assert_eq!(found(&world, &mut python), []);
    // An operation that never was, one that is passed over, and one exchanged for another.
    let world = World::new();
    let own = recovered_with(&world, 2, |lines| insert(lines, 2, "begun", 77));
    assert_eq!(own.matches("\"type\":\"interrupted\"").count(), 3);
    assert_eq!(found(&world, &mut python), [DamageKind::Misreported; 2]);
    let world = World::new();
    let own = recovered_with(&world, 2, |lines| insert(lines, 2, "event", 1));
    assert_eq!(own.matches("\"type\":\"interrupted\"").count(), 1);
    assert_eq!(found(&world, &mut python), [DamageKind::Misreported]);
    let world = World::new();
    recovered_with(&world, 2, |lines| {
        insert(lines, 2, "event", 1);
        insert(lines, 2, "begun", 77);
    });
    assert_eq!(found(&world, &mut python), [DamageKind::Misreported]);
    // What is no id is sealed by nobody.
    for id in
        ["00000002-0000-7000-8000-0000000\",\"x\":", "00000002-0000-7000-8000-00000000000\u{1}"]
    {
        let world = World::new();
        let own = recovered_with(&world, 2, |lines| {
            insert(lines, 2, "begun", 77);
            lines[3] = lines[3].replacen("0000004d-0000-7000-8000-000000000000", id, 1);
        });
        assert!(own.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        assert_eq!(found(&world, &mut python), [], "{id:?}");
    }
}

#[test]
fn a_line_that_looks_like_the_end_of_a_lane_hides_nothing() {
    let world = World::new();
    let mut python = Python::start();
    recovered_with(&world, 2, |lines| insert(lines, lines.len() - 1, "closed", 77));
    // The lane is whole again, and its last line another than the start has seen.
    assert_eq!(found(&world, &mut python), [DamageKind::Replaced]);
}

#[test]
fn the_end_of_a_closed_lane_cannot_be_cut_once_another_was_begun() {
    let world = World::new();
    for number in 0..3 {
        let audit = world.start();
        append(&audit, number * 10..number * 10 + 10);
        world.close(audit);
    }
    let mut python = Python::start();
    assert_eq!(found(&world, &mut python), []);
    for (writer_id, expected) in [(0, &[DamageKind::Cut][..]), (1, &[DamageKind::Cut]), (2, &[])] {
        let path = world.segment(writer_id, 0);
        let whole = std::fs::read_to_string(&path).unwrap();
        let kept: String = whole.split_inclusive('\n').take(6).collect();
        std::fs::write(&path, kept).unwrap();
        assert_eq!(found(&world, &mut python), expected, "lane {writer_id}");
        std::fs::write(&path, whole).unwrap();
    }
}

#[test]
fn of_many_that_were_under_way_some_are_named_and_all_are_counted() {
    let world = World::new();
    let own = recovered_with(&world, 700, |_| {});
    assert_eq!(own.matches("\"type\":\"interrupted\"").count(), 256);
    assert!(own.contains(",\"interrupted\":700}"), "{}", own.lines().nth(1).unwrap());
    let mut python = Python::start();
    assert_eq!(found(&world, &mut python), []);
    assert_eq!(world.check_intact().lanes()[0].unfinished, 700);
    // Of those that are not named one is passed over.
    let world = World::new();
    recovered_with(&world, 700, |lines| insert(lines, 699, "event", 650));
    assert_eq!(found(&world, &mut python), [DamageKind::Misreported]);
}

#[test]
fn a_sealing_key_that_is_none_is_damage_and_one_that_is_not_there_is_not() {
    let world = World::new();
    append(&world.start(), 0..3);
    let mut python = Python::start();
    let file = world.log().join("sealing.key");
    let whole = std::fs::read(&file).unwrap();
    assert_eq!(found(&world, &mut python), []);
    let start = whole.iter().position(|&byte| byte == b't').unwrap();
    let mut changed = whole.clone();
    changed[start + 70] ^= 1;
    for bytes in [&b""[..], b"nothing of the kind\n", &[0; 8192], &changed, &whole[..start + 100]] {
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(found(&world, &mut python), [DamageKind::SealingKey]);
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(found(&world, &mut python), []);
}

#[test]
fn honest_checkpoints_beyond_a_cut_are_told_as_a_cut_however_many_they_are() {
    let world = World::with_key(keygen);
    let audit = world.start();
    for number in 0..4700 {
        append(&audit, number..number + 1);
        world.clock.advance(Duration::from_secs(1));
        audit.tick();
    }
    drop(audit);
    let text = std::fs::read_to_string(world.segment(0, 0)).unwrap();
    let kept: String = text.split_inclusive('\n').take(5).collect();
    std::fs::write(world.segment(0, 0), kept).unwrap();
    let report = world.verify();
    assert!(report.damage_count() > 460, "{}", report.damage_count());
    assert!(report.damages().iter().all(|damage| damage.kind == DamageKind::Cut));
    if let Some(mut python) = Python::start() {
        let key = world.home.path().join("key");
        python.agrees(&report, &key, &world.log(), Some(&world.published()));
    }
}

#[test]
fn names_of_far_lanes_and_files_that_are_none_keep_no_verifier_waiting() {
    let world = World::new();
    append(&world.start(), 0..3);
    let mut python = Python::start();
    let far = ["lane-4294967295-0000.jsonl", "lane-99999999999-0000.jsonl"];
    far.iter().for_each(|name| std::fs::write(world.log().join(name), "").unwrap());
    assert_eq!(found(&world, &mut python), [DamageKind::StrayFile; 2]);
    far.iter().for_each(|name| std::fs::remove_file(world.log().join(name)).unwrap());
    std::fs::write(world.segment(0, u32::MAX), "").unwrap();
    // 1,000 segments that are missing are told, and the one that is there has no genesis.
    assert_eq!(Verifier::new(&world.key).verify(&world.log()).unwrap().damage_count(), 1001);
    if let Some(python) = &mut python {
        let report = python.verify(&world.home.path().join("key"), &world.log(), None);
        assert_eq!(report["damages"].as_array().unwrap().len(), 1001);
    }
    std::fs::remove_file(world.segment(0, u32::MAX)).unwrap();
    // A directory, and where they can be made pipes, which nobody ever writes to.
    std::fs::create_dir(world.segment(0, 1)).unwrap();
    assert_eq!(found(&world, &mut python), [DamageKind::StrayFile]);
    std::fs::remove_dir(world.segment(0, 1)).unwrap();
    let pipe = |path: &Path| std::process::Command::new("mkfifo").arg(path).status();
    if !pipe(&world.segment(1, 0)).is_ok_and(|made| made.success()) {
        return eprintln!("SKIPPED: no mkfifo");
    }
    assert_eq!(found(&world, &mut python), [DamageKind::StrayFile]);
    std::fs::remove_file(world.segment(1, 0)).unwrap();
    std::fs::remove_file(world.log().join("sealing.key")).unwrap();
    assert!(pipe(&world.log().join("sealing.key")).unwrap().success());
    assert_eq!(found(&world, &mut python), [DamageKind::SealingKey]);
}
