//! Attacks on the files of a log, each on a copy, each found by both verifiers.

use super::python::Python;
use super::*;

/// The files of one attacked copy.
pub(super) struct Target {
    pub(super) log: PathBuf,
    /// The log when it was shorter, as an attacker may have kept it.
    earlier: PathBuf,
    /// Another log of the same server program.
    other: PathBuf,
}

impl Target {
    fn path(&self, writer_id: u32, segment: u32) -> PathBuf {
        self.log.join(lane::segment_name(writer_id, segment))
    }

    fn bytes(&self, writer_id: u32, segment: u32) -> Vec<u8> {
        std::fs::read(self.path(writer_id, segment)).unwrap()
    }

    fn write(&self, writer_id: u32, segment: u32, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(writer_id, segment), bytes).unwrap();
    }

    /// Changes the lines of lane 0, segment 0, each with its newline.
    fn lines(&self, change: impl FnOnce(&mut Vec<String>)) {
        let text = String::from_utf8(self.bytes(0, 0)).unwrap();
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        change(&mut lines);
        self.write(0, 0, lines.concat());
    }

    /// Replaces a piece of line `line`, counted from 1.
    fn replace(&self, line: usize, from: &str, to: &str) {
        self.lines(|lines| {
            assert!(lines[line - 1].contains(from), "{}", lines[line - 1]);
            lines[line - 1] = lines[line - 1].replacen(from, to, 1);
        });
    }

    fn remove(&self, writer_id: u32, segment: u32) {
        std::fs::remove_file(self.path(writer_id, segment)).unwrap();
    }

    fn rename(&self, from: (u32, u32), to: (u32, u32)) {
        std::fs::rename(self.path(from.0, from.1), self.path(to.0, to.1)).unwrap();
    }
}

/// What the attack does, its name, and where the first damage has to be told: the line of lane 0,
/// segment 0, or 0 for elsewhere.
type Attack = (&'static str, u64, fn(&Target));

const IN_LINES: [Attack; 23] = [
    ("modify a value", 30, |t| t.replace(30, "\"outcome\":\"ok\"", "\"outcome\":\"no\"")),
    ("modify a time", 31, |t| t.replace(31, "\"time\":\"20", "\"time\":\"19")),
    ("renumber a record", 32, |t| t.replace(32, "\"seq\":31", "\"seq\":99")),
    ("change the type of a record", 33, |t| t.replace(33, "\"event\"", "\"begun\"")),
    ("change the epoch of a record", 34, |t| t.replace(34, "\"epoch\":0", "\"epoch\":1")),
    ("claim an epoch of the far future", 34, |t| {
        t.replace(34, "epoch\":0", "epoch\":18446744073709551615")
    }),
    ("delete a record", 40, |t| t.lines(|lines| drop(lines.remove(39)))),
    ("delete the genesis", 1, |t| t.lines(|lines| drop(lines.remove(0)))),
    ("delete a run of records", 41, |t| t.lines(|lines| drop(lines.drain(40..190)))),
    ("exchange two records", 50, |t| t.lines(|lines| lines.swap(49, 50))),
    ("repeat a record", 51, |t| t.lines(|lines| lines.insert(50, lines[49].clone()))),
    ("insert a record of one's own", 52, |t| {
        t.lines(|lines| lines.insert(51, lines[51].replace("\"n\":", "\"m\":")));
    }),
    ("add a key that is there already", 60, |t| {
        t.replace(60, "{\"event_id\"", "{\"n\":7,\"event_id\"")
    }),
    ("add white space", 61, |t| t.replace(61, "\"body\":{", "\"body\": {")),
    ("write a number otherwise", 62, |t| t.replace(62, "\"n\":60", "\"n\":60.0")),
    ("write a character otherwise", 63, |t| t.replace(63, "a b", "a\\u0020b")),
    ("write the MAC in capital letters", 64, |t| {
        t.lines(|lines| {
            let at = lines[63].find(",\"mac\"").unwrap() + 8;
            let capital = lines[63][at..].to_uppercase();
            lines[63].replace_range(at.., &capital);
        });
    }),
    ("end lines as Windows does", 1, |t| {
        let text = String::from_utf8(t.bytes(0, 0)).unwrap();
        t.write(0, 0, text.replace('\n', "\r\n"));
    }),
    ("insert an empty line", 65, |t| t.lines(|lines| lines.insert(64, "\n".to_owned()))),
    ("put a second genesis behind the first", 2, |t| {
        t.lines(|lines| lines.insert(1, lines[0].clone()))
    }),
    ("put a line that is too long for a record", 66, |t| {
        t.lines(|lines| lines[65] = format!("{}\n", "x".repeat(3 * record::MAX_LINE_BYTES)));
    }),
    ("hide a record behind what is too long", 67, |t| {
        t.lines(|lines| lines[66].insert_str(0, &"x".repeat(record::MAX_LINE_BYTES + 1)));
    }),
    ("blank a record out", 70, |t| t.lines(|lines| lines[69] = format!("{:300}\n", ""))),
];

const ON_FILES: [Attack; 21] = [
    ("cut records off the end", 0, |t| {
        let text = t.bytes(2, 0);
        let end = text.len() - 700;
        let end = text[..end].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
        t.write(2, 0, &text[..end]);
    }),
    ("cut in the middle of a line", 0, |t| {
        let text = t.bytes(2, 0);
        t.write(2, 0, &text[..text.len() - 900]);
    }),
    ("cut the end of a lane that was recovered", 0, |t| {
        let text = String::from_utf8(t.bytes(1, 0)).unwrap();
        let count = text.lines().count();
        let kept: String = text.split_inclusive('\n').take(count - 2).collect();
        t.write(1, 0, kept);
    }),
    ("empty a segment", 0, |t| t.write(0, 0, "")),
    ("delete a lane", 0, |t| t.remove(1, 0)),
    ("delete the newest lane", 0, |t| t.remove(2, 0)),
    ("delete the middle segment", 0, |t| t.remove(0, 1)),
    ("delete the first segment", 0, |t| t.remove(0, 0)),
    ("delete the last segment", 0, |t| {
        let last = (0..).take_while(|n| t.path(0, *n).exists()).last().unwrap();
        t.remove(0, last);
    }),
    ("delete everything but the key", 0, |t| {
        for entry in std::fs::read_dir(&t.log).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }),
    ("exchange two lanes", 0, |t| {
        t.rename((1, 0), (8, 8));
        t.rename((2, 0), (1, 0));
        t.rename((8, 8), (2, 0));
    }),
    ("exchange two segments", 0, |t| {
        t.rename((0, 1), (8, 8));
        t.rename((0, 2), (0, 1));
        t.rename((8, 8), (0, 2));
    }),
    ("put a lane of another log in the place", 0, |t| {
        std::fs::copy(t.other.join(lane::segment_name(1, 0)), t.path(1, 0)).unwrap();
    }),
    ("splice records of another log in", 71, |t| {
        let other = std::fs::read_to_string(t.other.join(lane::segment_name(1, 0))).unwrap();
        let line = other.split_inclusive('\n').nth(3).unwrap().to_owned();
        t.lines(|lines| lines.insert(70, line));
    }),
    ("splice records of another lane in", 72, |t| {
        let other = String::from_utf8(t.bytes(1, 0)).unwrap();
        let line = other.split_inclusive('\n').nth(3).unwrap().to_owned();
        t.lines(|lines| lines.insert(71, line));
    }),
    ("go back to an earlier copy of everything", 0, |t| copy_dir(&t.earlier, &t.log)),
    ("go back to an earlier copy of a lane", 0, |t| {
        std::fs::copy(t.earlier.join(lane::segment_name(1, 0)), t.path(1, 0)).unwrap();
    }),
    ("add an unsealed file", 0, |t| t.write(3, 0, "{\"event\":\"nothing happened\"}\n")),
    ("add a file that readers of *.jsonl would take for a segment", 0, |t| {
        std::fs::copy(t.path(0, 0), t.log.join("lane-0-0.jsonl")).unwrap();
    }),
    ("end in a part of a line that is too long", 0, |t| {
        t.write(1, 0, [t.bytes(1, 0), vec![b'x'; 3 * record::MAX_LINE_BYTES]].concat());
    }),
    ("add records behind the close record", 0, |t| {
        let mut text = t.bytes(2, 0);
        let line = text.split_inclusive(|&byte| byte == b'\n').nth(1).unwrap().to_vec();
        text.extend_from_slice(&line);
        t.write(2, 0, text);
    }),
];

/// Lane 0 in several segments, lane 1 killed, lane 2 closed.
pub(super) fn history(world: &World) -> Target {
    let (earlier, other) = (world.home.path().join("earlier"), world.home.path().join("other"));
    let first = world.builder().max_segment_bytes(100_000).build().unwrap();
    append(&first, 0..700);
    world.close(first);
    let second = world.start();
    append(&second, 700..790);
    copy_dir(&world.log(), &earlier);
    append(&second, 790..850);
    second.tick();
    world.kill(second);
    let third = world.start();
    append(&third, 850..930);
    drop(third);
    let foreign = World::new();
    for _ in 0..3 {
        append(&foreign.start(), 0..10);
    }
    copy_dir(&foreign.log(), &other);
    Target { log: world.home.path().join("attacked"), earlier, other }
}

#[test]
fn every_attack_on_the_files_is_found_by_both_verifiers() {
    let world = World::new();
    let target = history(&world);
    world.check_intact();
    let mut python = Python::start();
    let (key, published) = (world.home.path().join("key"), world.published());
    let attacks = IN_LINES.iter().chain(&ON_FILES);
    for (name, line, attack) in attacks.clone() {
        copy_dir(&world.log(), &target.log);
        attack(&target);
        let verifier = Verifier::new(&world.key).checkpoints(&published);
        let report = verifier.verify(&target.log).unwrap();
        assert_eq!(report.verdict(), Verdict::Damaged, "{name}");
        if *line > 0 {
            let first = &report.damages()[0];
            let place = (first.writer_id, first.segment, first.line);
            assert_eq!(place, (0, Some(0), Some(*line)), "{name}: {:?}", report.damages());
        }
        if let Some(python) = &mut python {
            python.agrees(&report, &key, &target.log, Some(&published));
        }
    }
    eprintln!("audit: {} attacks on files, all found, both verifiers agree", attacks.count());
}

#[test]
fn without_published_checkpoints_the_end_can_be_cut_and_nothing_else() {
    let world = World::new();
    let target = history(&world);
    let mut python = Python::start();
    let mut unseen = Vec::new();
    for (name, _, attack) in IN_LINES.iter().chain(&ON_FILES) {
        copy_dir(&world.log(), &target.log);
        attack(&target);
        let report = Verifier::new(&world.key).verify(&target.log).unwrap();
        if report.verdict() == Verdict::Intact {
            unseen.push(*name);
        }
        if let Some(python) = &mut python {
            python.agrees(&report, &world.home.path().join("key"), &target.log, None);
        }
    }
    let expected = [
        "cut records off the end",
        "cut in the middle of a line",
        "go back to an earlier copy of everything",
    ];
    assert_eq!(unseen, expected);
}

#[test]
fn checkpoints_that_were_forged_are_found_and_torn_ones_are_no_damage() {
    let world = World::new();
    drop(history(&world));
    let mut python = Python::start();
    let text = std::fs::read_to_string(world.published()).unwrap();
    let notes: Vec<&str> = text.split_inclusive("\n\n").collect();
    let signature = |line: &str| line.starts_with('\u{2014}');
    let signatures: Vec<&str> = text.lines().filter(|line| signature(line)).collect();
    let check = |changed: String, verdict: Verdict, python: &mut Option<Python>| {
        let file = world.home.path().join("changed");
        std::fs::write(&file, changed).unwrap();
        let verifier = Verifier::new(&world.key).checkpoints(&file);
        let report = verifier.verify(&world.log()).unwrap();
        assert_eq!(report.verdict(), verdict, "{:?}", report.damages());
        if let Some(python) = python {
            let key = world.home.path().join("key");
            python.agrees(&report, &key, &world.log(), Some(&file));
        }
        report.checkpoints_unreadable()
    };
    let python = &mut python;
    assert_eq!(check(text.clone(), Verdict::Intact, python), 0);
    check(text.replacen("\nepoch 0\n", "\nepoch 1\n", 1), Verdict::Damaged, python);
    check(text.replacen("\n101\n", "\n102\n", 1), Verdict::Damaged, python);
    check(text.replacen(signatures[0], signatures[2], 1), Verdict::Damaged, python);
    check(text.replacen(signatures[1], signatures[3], 1), Verdict::Damaged, python);
    check(text.replacen(&format!("{}\n", signatures[1]), "", 1), Verdict::Damaged, python);
    // What a kill leaves of a note, with the next one behind it.
    let torn = format!("{}{}", &text[..100], notes[2..].concat());
    assert_eq!(check(torn, Verdict::Intact, python), 1);
    assert_eq!(check(text[..text.len() - 60].to_owned(), Verdict::Intact, python), 1);
}
