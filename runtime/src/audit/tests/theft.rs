//! A thief has every key that is on the machine at some moment: what was before stays sealed.

use super::python::Python;
use super::*;
use crate::audit::key::EpochKey;
use crate::audit::record::{Header, Kind, Line, write};

/// Seals a line anew with what the thief has, as the record that follows `prev`.
fn reseal(
    line: &[u8],
    key: &EpochKey,
    prev: [u8; 32],
    epoch: u64,
    seq: u64,
) -> (Vec<u8>, [u8; 32]) {
    let line = Line::parse(line).unwrap();
    let body = String::from_utf8(line.body.to_vec()).unwrap().replace("\"ok\"", "\"no\"");
    let header = Header { epoch, seq, prev, ..line.header };
    let mut out = Vec::new();
    let digest = write(&header, body.as_bytes(), key, &mut out);
    (out, digest)
}

struct Theft {
    world: World,
    lines: Vec<Vec<u8>>,
    key: EpochKey,
}

impl Theft {
    /// 950 records, then the key is taken.
    fn new() -> Self {
        let world = World::new();
        let audit = world.start();
        append(&audit, 0..950);
        let key = audit.stolen_key();
        // Long enough that the thread expects no burst, and makes no checkpoint before its time.
        world.clock.advance(Duration::from_millis(60));
        audit.tick();
        audit.kill();
        let text = std::fs::read(world.segment(0, 0)).unwrap();
        let lines = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        Self { world, lines, key }
    }

    fn digest(&self, line: usize) -> [u8; 32] {
        record::digest(self.lines[line].strip_suffix(b"\n").unwrap())
    }

    /// Rewrites everything from `line` on with the stolen key; epochs are chosen by `epoch`.
    fn rewrite(&self, line: usize, epoch: impl Fn(u64) -> u64) -> Vec<u8> {
        let (mut out, mut prev) = (self.lines[..line].concat(), self.digest(line - 1));
        for (seq, old) in self.lines.iter().enumerate().skip(line) {
            let old_epoch = Line::parse(old.strip_suffix(b"\n").unwrap()).unwrap().header.epoch;
            let line = old.strip_suffix(b"\n").unwrap();
            let (new, digest) = reseal(line, &self.key, prev, epoch(old_epoch), seq as u64);
            out.extend_from_slice(&new);
            prev = digest;
        }
        out
    }

    /// Writes the forged lane, and says at which line it was found, without any checkpoint.
    fn found(&self, forged: &[u8], python: &mut Option<Python>) -> Option<u64> {
        std::fs::write(self.world.segment(0, 0), forged).unwrap();
        let report = Verifier::new(&self.world.key).verify(&self.world.log()).unwrap();
        if let Some(python) = python {
            let key = self.world.home.path().join("key");
            python.agrees(&report, &key, &self.world.log(), None);
        }
        report.damages().first().map(|damage| damage.line.unwrap())
    }
}

#[test]
fn a_key_stolen_at_a_moment_rewrites_nothing_older_than_100_records() {
    let theft = Theft::new();
    let mut python = Python::start();
    let own = (theft.key.epoch * 100) as usize;
    assert_eq!((theft.lines.len(), own), (951, 900));
    // Within its own epoch, at most 100 records, the thief is the writer: only checkpoints that
    // were published before bind that.
    assert_eq!(theft.found(&theft.rewrite(own, |_| theft.key.epoch), &mut python), None);
    assert!(theft.world.verify().verdict().is_damaged(), "its first record has a checkpoint");
    assert_eq!(theft.found(&theft.rewrite(own + 1, |_| theft.key.epoch), &mut python), None);
    assert!(theft.world.verify().verdict().is_intact());
    // One record earlier, under the stolen key: with the old epoch's number, and with its own.
    for line in [own - 1, own - 2, own - 100, 500, 100, 1] {
        let at = Some(line as u64 + 1);
        assert_eq!(theft.found(&theft.rewrite(line, |old| old), &mut python), at);
        assert_eq!(theft.found(&theft.rewrite(line, |_| theft.key.epoch), &mut python), at);
        assert_eq!(theft.found(&theft.rewrite(line, |_| 0), &mut python), at);
    }
}

#[test]
fn a_stolen_key_cannot_shorten_the_past_and_go_on() {
    let theft = Theft::new();
    let mut python = Python::start();
    // The thief cuts somewhere and goes on with the own key: either epochs do not follow, or the
    // seal of the last one's end does not fit.
    for kept in [100usize, 350, 899] {
        let mut forged = theft.lines[..kept].concat();
        let line = theft.lines[900].strip_suffix(b"\n").unwrap();
        let (new, _) =
            reseal(line, &theft.key, theft.digest(kept - 1), theft.key.epoch, kept as u64);
        forged.extend_from_slice(&new);
        assert_eq!(theft.found(&forged, &mut python), Some(kept as u64 + 1));
        // The published checkpoints know of what was cut.
        assert!(theft.world.verify().verdict().is_damaged());
    }
}

/// Seals one more record with the stolen key, and says what both verifiers find in it.
fn found_in(theft: &Theft, kind: Kind, body: &str, python: &mut Option<Python>) -> Vec<DamageKind> {
    let line = theft.lines[949].strip_suffix(b"\n").unwrap();
    let header =
        Header { kind, seq: 950, prev: theft.digest(949), ..Line::parse(line).unwrap().header };
    let (mut forged, mut out) = (theft.lines[..950].concat(), Vec::new());
    write(&header, body.as_bytes(), &theft.key, &mut out);
    forged.extend_from_slice(&out);
    std::fs::write(theft.world.segment(0, 0), &forged).unwrap();
    let report = Verifier::new(&theft.world.key).verify(&theft.world.log()).unwrap();
    if let Some(python) = python {
        python.agrees(&report, &theft.world.home.path().join("key"), &theft.world.log(), None);
    }
    report.damages().iter().map(|damage| damage.kind).collect()
}

#[test]
fn a_stolen_key_makes_no_record_that_two_readers_read_differently() {
    let (theft, mut python) = (Theft::new(), Python::start());
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    for body in [
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":[{\"c\":1,\"\\u0063\":2}]}}",
        "{\"a\":1},\"seq\":7,\"x\":{}",
        "{not json}",
        "{\"half a pair\":\"\\ud800\"}",
        "{\"\\udc00\\ud800\":0}",
        "{\"too large\":1e999}",
        "{\"too large\":[-1e400]}",
        &format!("{{\"too large\":1{}}}", "0".repeat(400)),
        "{\"none\":NaN}",
        &nested(127),
        &nested(5_000),
    ] {
        let kinds = found_in(&theft, Kind::Event, body, &mut python);
        assert_eq!(kinds, [DamageKind::Ambiguous], "{body}");
    }
    for body in ["{\"a pair\":\"\\ud83d\\ude00\",\"large\":[1e300,-0,-0.0e999]}", &nested(126)] {
        assert_eq!(found_in(&theft, Kind::Event, body, &mut python), [], "{body}");
    }
}

#[test]
fn a_sealed_record_that_lacks_what_its_type_needs_is_ambiguous() {
    let (theft, mut python) = (Theft::new(), Python::start());
    let head = "00".repeat(32);
    let end = |rest: &str| format!("{{\"writer_id\":7,\"head\":\"{head}\"{rest}}}");
    for (kind, body) in [
        (Kind::Missed, "{}"),
        (Kind::Missed, "{\"events\":1.0}"),
        (Kind::Missed, "{\"events\":true}"),
        (Kind::Missed, "{\"events\":18446744073709551616}"),
        (Kind::Missed, "{\"events\":1e999}"),
        (Kind::Recovered, "{}"),
        (Kind::Recovered, &end("")),
        (Kind::Recovered, &end(",\"size\":-0")),
        (Kind::Recovered, &end(",\"size\":1,\"interrupted\":[]")),
        (Kind::Recovered, "{\"writer_id\":4294967296,\"size\":1,\"head\":\"00\"}"),
        (Kind::Interrupted, "{\"writer_id\":7,\"seq\":1}"),
        (
            Kind::Interrupted,
            "{\"event_id\":\"00000000-0000-7000-8000-00000000000A\",\"writer_id\":7,\"seq\":1}",
        ),
    ] {
        let kinds = found_in(&theft, kind, body, &mut python);
        assert_eq!(kinds, [DamageKind::Ambiguous], "{kind:?} {body}");
    }
    for body in [end(",\"size\":1"), end(",\"size\":1,\"interrupted\":null")] {
        assert_eq!(found_in(&theft, Kind::Recovered, &body, &mut python), [], "{body}");
    }
}

#[test]
fn a_key_stolen_while_nothing_happens_rewrites_nothing_older_than_a_second() {
    let world = World::new();
    let audit = world.start();
    append(&audit, 0..5);
    world.clock.advance(Duration::from_secs(1));
    audit.tick();
    let key = audit.stolen_key();
    audit.kill();
    let text = std::fs::read(world.segment(0, 0)).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let prev = record::digest(lines[4].strip_suffix(b"\n").unwrap());
    for epoch in [0, 1] {
        let (new, _) = reseal(lines[5].strip_suffix(b"\n").unwrap(), &key, prev, epoch, 5);
        std::fs::write(world.segment(0, 0), [lines[..5].concat(), new].concat()).unwrap();
        let report = Verifier::new(&world.key).verify(&world.log()).unwrap();
        // Under its own epoch's number it lacks the seal of an end that never was.
        assert!(report.verdict().is_damaged(), "{epoch}");
    }
}

#[test]
fn a_stolen_sealing_key_says_nothing_of_lanes_that_were_begun() {
    let world = World::new();
    append(&world.start(), 0..10);
    let file = world.log().join("sealing.key");
    let stolen = key::peruse(&crate::spool::RealDisk, &file).unwrap();
    let text = std::fs::read(world.segment(0, 0)).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let (mut prev, mut forged) = ([0; 32], Vec::new());
    for (seq, line) in lines.iter().enumerate() {
        let line = line.strip_suffix(b"\n").unwrap();
        let (new, digest) = reseal(line, &stolen.chain.writer(), prev, 0, seq as u64);
        forged.extend_from_slice(&new);
        prev = digest;
    }
    std::fs::write(world.segment(0, 0), forged).unwrap();
    let report = Verifier::new(&world.key).verify(&world.log()).unwrap();
    assert_eq!(report.damages()[0].kind, DamageKind::Altered);
    assert_eq!(report.damage_count(), 12, "each record of the lane");
}
