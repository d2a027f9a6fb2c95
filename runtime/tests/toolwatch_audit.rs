//! The program `toolwatch-audit`, run as an operator does. It stands beside the crate because only
//! there cargo tells where the program is.

#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use toolwatch::audit::Audit;
use toolwatch::testing::audit::append;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn run(&self, words: &[&str]) -> Output {
        let paths = words.iter().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name),
            None => (*word).to_owned(),
        });
        Command::new(env!("CARGO_BIN_EXE_toolwatch-audit")).args(paths).output().unwrap()
    }

    /// Runs it, and expects this code; returns what it said on stdout and on stderr.
    #[track_caller]
    fn expect(&self, code: i32, words: &[&str]) -> (String, String) {
        let output = self.run(words);
        let (out, err) =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).into();
        assert_eq!(output.status.code(), Some(code), "{words:?}\n{out}{err}");
        (out, err)
    }

    /// Writes a log, and returns when its last checkpoint is published: the end of a log waits for
    /// that, but no longer than 2 s, and a busy disk may take longer.
    fn write(&self, records: u32) {
        let audit = Audit::builder(self.path("log")).checkpoint_file(self.path("checkpoints"));
        let audit = audit.build().unwrap();
        for number in 0..records {
            let id = format!("{number:08x}-0000-7000-8000-000000000000");
            append(&audit, format!("{{\"event_id\":\"{id}\",\"outcome\":\"ok\"}}").as_bytes());
        }
        drop(audit);
        let began = Instant::now();
        while !self.is_published() {
            assert!(began.elapsed() < Duration::from_secs(60), "no last checkpoint");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the last checkpoint is there, to the end of its signature.
    fn is_published(&self) -> bool {
        let notes = std::fs::read_to_string(self.path("checkpoints")).unwrap_or_default();
        let last = notes.rsplit_once("\nclosed\n");
        last.is_some_and(|(_, seals)| seals.starts_with("\n\u{2014}") && seals.ends_with("\n\n"))
    }
}

const VERIFY: [&str; 7] =
    ["verify", "--log", "@log", "--key", "@key", "--checkpoint", "@checkpoints"];

#[test]
fn each_verdict_has_its_own_exit_code() {
    let home = Home::new();
    let (out, err) = home.expect(0, &["keygen", "--log", "@log", "--key", "@key", "--sign"]);
    assert!(out.starts_with("log ") && out.contains("public key toolwatch.audit/"), "{out}");
    assert!(err.contains("keep the verification key where the server is not"), "{err}");
    let bare = ["verify", "--log", "@log", "--key", "@key"];
    assert!(home.expect(3, &bare).0.starts_with("nothing: "));
    home.write(250);
    let (out, err) = home.expect(0, &VERIFY);
    assert!(out.starts_with("intact: ") && out.contains("lane 0: closed, 252 records"), "{out}");
    assert_eq!(err, "", "no progress where nobody looks");
    let (out, _) = home.expect(0, &bare);
    assert!(
        out.contains("checkpoints: none given, so records cut off the end would not be missed")
    );
    let path = home.path("log/lane-00000000-0000.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"ok\"", "\"no\"", 1)).unwrap();
    let (out, _) = home.expect(1, &VERIFY);
    assert!(out.contains("damage: lane 0, segment 0, line 2: altered"), "{out}");
    std::fs::remove_file(&path).unwrap();
    assert!(home.expect(1, &VERIFY).0.contains("damage: lane 0: lane_missing"));
}

#[test]
fn json_is_one_object_with_every_place() {
    let home = Home::new();
    home.expect(0, &["keygen", "--log", "@log", "--key", "@key"]);
    home.write(120);
    let (out, _) = home.expect(0, &[&VERIFY[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (report["verdict"].as_str(), report["records"].as_u64()),
        (Some("intact"), Some(122))
    );
    assert_eq!(report["lanes"][0]["end"], "closed");
    assert_eq!(report["lanes"][0]["checkpointed"], 122);
    let path = home.path("log/lane-00000000-0000.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().take(50).chain(text.lines().skip(53)).collect();
    std::fs::write(&path, kept.join("\n") + "\n").unwrap();
    let (out, _) = home.expect(1, &[&VERIFY[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let expected = serde_json::json!(
        { "writer_id": 0, "segment": 0, "line": 51, "kind": "missing", "count": 3 });
    assert_eq!(report["damages"], serde_json::json!([expected]));
}

#[test]
fn what_cannot_run_is_no_verdict() {
    let home = Home::new();
    for words in [
        &["verify"][..],
        &["verify", "--log", "@log"],
        &["verify", "--log", "@log", "--key", "@key"],
        &["nonsense"],
        &[],
    ] {
        let (out, err) = home.expect(2, words);
        assert!(out.is_empty() && err.starts_with("toolwatch-audit: "), "{words:?} {out}{err}");
    }
    home.expect(0, &["keygen", "--log", "@log", "--key", "@key"]);
    home.write(1);
    assert!(
        home.expect(2, &["verify", "--log", "@none", "--key", "@key"])
            .1
            .contains("No such file or directory")
    );
    let missing = ["verify", "--log", "@log", "--key", "@key", "--checkpoint", "@none"];
    home.expect(2, &missing);
    std::fs::write(home.path("bad"), "no key").unwrap();
    home.expect(2, &["verify", "--log", "@log", "--key", "@bad"]);
}

#[test]
fn a_command_that_could_not_run_names_the_file_and_what_to_do() {
    let home = Home::new();
    home.expect(0, &["keygen", "--log", "@log", "--key", "@key"]);
    let verify = |log: &'static str, key: &'static str| ["verify", "--log", log, "--key", key];
    for (words, file, advice) in [
        (verify("@none", "@key"), "none", "--log takes the directory into which the server writes"),
        (verify("@key", "@key"), "key is no directory", "--log takes the directory"),
        (verify("@log", "@none"), "none", "--key takes the file of the verification key"),
        (verify("@log", "@log"), "log", "--key takes the file of the verification key"),
        (verify("@log", "@log/sealing.key"), "sealing.key", "this is a key of the server"),
        (["keygen", "--log", "@log", "--key", "@new"], "log", "keys are not made anew"),
        (["keygen", "--log", "@new", "--key", "@key"], "key", "a key is never written over"),
    ] {
        let (out, err) = home.expect(2, &words);
        assert!(out.is_empty() && err.contains(file) && err.contains(advice), "{words:?} {err}");
    }
    std::fs::create_dir_all(home.path("notes")).unwrap();
    let words = ["verify", "--log", "@log", "--key", "@key", "--checkpoint", "@notes"];
    let (out, err) = home.expect(2, &words);
    assert!(out.is_empty() && err.contains("notes: "), "{err}");
}

#[test]
fn what_is_wrong_is_told_in_words_too() {
    let home = Home::new();
    home.expect(0, &["keygen", "--log", "@log", "--key", "@key"]);
    home.expect(0, &["keygen", "--log", "@other", "--key", "@wrong"]);
    let bare = ["verify", "--log", "@log", "--key", "@key"];
    assert!(home.expect(3, &bare).0.contains("has a server run with this directory?"));
    home.write(5);
    let (out, _) = home.expect(1, &["verify", "--log", "@log", "--key", "@wrong"]);
    assert!(out.contains("are the key and the log the right ones?"), "{out}");
    assert!(out.contains("damage: lane 0, segment 0, lines 1 to 7: foreign_log\n"), "{out}");
    assert!(out.contains("\nforeign_log: the record is of another log\n"), "{out}");
    std::fs::write(home.path("checkpoints"), "nothing of the kind\n").unwrap();
    let (out, _) = home.expect(0, &VERIFY);
    assert!(out.contains("checkpoints: none of this log found, so records cut off"), "{out}");
    // A kill in the middle of a line: no damage, and said.
    let path = home.path("log/lane-00000000-0000.jsonl");
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 100]).unwrap();
    let (out, _) = home.expect(0, &bare);
    assert!(out.contains("lane 0: open, 6 records") && out.contains("bytes of a torn line"));
}

#[test]
fn keys_are_private_and_never_made_twice() {
    let home = Home::new();
    let (key, _) = home.expect(0, &["keygen", "--log", "@log"]);
    assert!(key.starts_with("toolwatch-audit-verify-v1 "), "{key}");
    home.expect(2, &["keygen", "--log", "@log", "--key", "@key"]);
    assert!(!Path::new(&home.path("key")).exists(), "no key is kept of a log that was not begun");
    home.expect(0, &["keygen", "--log", "@other", "--key", "@key"]);
    home.expect(2, &["keygen", "--log", "@third", "--key", "@key"]);
    assert!(!Path::new(&home.path("third")).exists());
    #[cfg(unix)]
    for file in ["key", "log/sealing.key"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(home.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_log_whose_key_cannot_be_kept_is_not_begun() {
    let home = Home::new();
    let made = |name: &str| Path::new(&home.path(name)).exists();
    // There is a signing key, of an earlier attempt or of the operator's own.
    home.expect(0, &["keygen", "--log", "@log", "--sign"]);
    std::fs::remove_file(home.path("log/sealing.key")).unwrap();
    let own = std::fs::read(home.path("log/signing.key")).unwrap();
    home.expect(2, &["keygen", "--log", "@log", "--key", "@key", "--sign"]);
    assert!(!made("key") && !made("log/sealing.key"));
    assert_eq!(std::fs::read(home.path("log/signing.key")).unwrap(), own);
    // A log without a signing key gets none behind its verification key's back.
    home.expect(0, &["keygen", "--log", "@bare"]);
    home.expect(2, &["keygen", "--log", "@bare", "--key", "@key", "--sign"]);
    assert!(made("bare/sealing.key") && !made("bare/signing.key"));
    // Nobody reads what is printed. A program that another test begins meanwhile keeps a copy of the
    // reader for a moment, so there is more than one try.
    let is_refused = |name: &String| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut keygen = Command::new(env!("CARGO_BIN_EXE_toolwatch-audit"));
        let keygen = keygen.args(["keygen", "--sign", "--log", &home.path(name)]).stdout(writer);
        let output = keygen.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        output.status.code() == Some(2) && said.contains("no log was begun")
    };
    let lost = (0..50).map(|number| format!("lost-{number}")).find(is_refused).unwrap();
    let lost = lost.as_str();
    assert!(!made(&format!("{lost}/sealing.key")) && !made(&format!("{lost}/signing.key")));
    home.expect(0, &["keygen", "--log", &format!("@{lost}"), "--key", "@key", "--sign"]);
}

#[test]
fn a_checkpoint_that_it_prints_finds_what_is_cut_later() {
    let home = Home::new();
    // As the guide sets a log up: its key asks for signed checkpoints of the server.
    home.expect(0, &["keygen", "--log", "@log", "--key", "@key", "--sign"]);
    home.write(30);
    let (notes, _) = home.expect(0, &["checkpoint", "--log", "@log", "--key", "@key"]);
    assert!(notes.starts_with("toolwatch.audit/"), "{notes}");
    std::fs::write(home.path("kept"), notes).unwrap();
    let verify = ["verify", "--log", "@log", "--key", "@key", "--checkpoint", "@kept"];
    home.expect(0, &verify);
    let path = home.path("log/lane-00000000-0000.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(20).collect();
    std::fs::write(&path, kept).unwrap();
    assert!(home.expect(1, &verify).0.contains("damage: lane 0: cut (32)"));
    let (out, err) =
        home.expect(1, &["checkpoint", "--log", "@log", "--key", "@key", "--checkpoint", "@kept"]);
    assert!(out.is_empty() && err.contains("no checkpoint: the log is damaged"));
}

/// The commands of the guide, on the vectors of the specification.
#[cfg(target_os = "linux")]
#[test]
fn the_transcript_of_the_guide_is_what_is_printed() {
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let vectors = root.join("tests/audit/vectors");
    std::fs::create_dir(home.path("audit")).unwrap();
    for entry in std::fs::read_dir(vectors.join("log")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        std::fs::copy(&path, home.path(&format!("audit/{name}"))).unwrap();
    }
    std::fs::copy(vectors.join("key"), home.path("payments.verification")).unwrap();
    std::fs::copy(vectors.join("checkpoints"), home.path("checkpoints")).unwrap();
    let guide = std::fs::read_to_string(root.join("docs/guides/audit.md")).unwrap();
    let transcript = guide.split_once("```console\n").unwrap().1.split_once("```").unwrap().0;
    let (commands, printed): (Vec<&str>, Vec<&str>) =
        transcript.lines().partition(|line| line.starts_with("$ "));
    let script: Vec<&str> = commands.iter().map(|line| &line[2..]).collect();
    assert!(script.len() > 3, "{transcript}");
    let program = Path::new(env!("CARGO_BIN_EXE_toolwatch-audit"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1; {}", script.join("\n"))])
        .current_dir(home.path(""))
        .env("PATH", path)
        .output()
        .unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), printed);
}
