//! The command line, read by hand: a parser would be the largest dependency of this program.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Failure;

pub(crate) const HELP: &str = "\
Makes the keys of toolwatch audit logs, verifies logs, and makes checkpoints of them.

toolwatch-audit keygen --log DIR [--key FILE] [--sign]
    Begins a log: makes DIR/sealing.key, and the verification key in FILE, else on stdout.
    --sign makes DIR/signing.key as well, and its public key a line of the verification key.
    Keep the verification key where the server is not.

toolwatch-audit verify --log DIR --key FILE [--checkpoint FILE]... [--first-writer N] [--json]
    Says whether the log is intact. --checkpoint compares with published checkpoints: a file of
    them, or the captured stderr of servers. --first-writer begins with lane N: those before it were
    removed with intent.

toolwatch-audit checkpoint --log DIR --key FILE [--checkpoint FILE]... [--first-writer N]
    Verifies, and prints a checkpoint of each lane's end, to be kept elsewhere.

Exit codes: 0 intact, or done; 1 damaged; 2 could not run; 3 nothing to verify.
";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Version,
    Keygen(Keygen),
    Verify(Verify),
    Checkpoint(Verify),
}

/// Options of `keygen`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Keygen {
    pub(crate) log: PathBuf,
    pub(crate) key: Option<PathBuf>,
    pub(crate) sign: bool,
}

/// Options of `verify` and `checkpoint`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verify {
    pub(crate) log: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) checkpoints: Vec<PathBuf>,
    pub(crate) first_writer: u32,
    pub(crate) json: bool,
}

/// Every option that some command has.
#[derive(Default)]
struct Given {
    log: Option<PathBuf>,
    key: Option<PathBuf>,
    checkpoints: Vec<PathBuf>,
    first_writer: Option<u32>,
    json: bool,
    sign: bool,
}

pub(crate) fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Command, Failure> {
    let name = words.next().and_then(|word| word.into_string().ok()).unwrap_or_default();
    let allowed: &[&str] = match name.as_str() {
        "help" | "--help" | "-h" => return Ok(Command::Help),
        "--version" | "-V" => return Ok(Command::Version),
        "keygen" => &["--log", "--key", "--sign"],
        "verify" => &["--log", "--key", "--checkpoint", "--first-writer", "--json"],
        "checkpoint" => &["--log", "--key", "--checkpoint", "--first-writer"],
        "" => return Err("a command is missing: keygen, verify or checkpoint (see --help)".into()),
        _ => {
            return Err(format!(
                "`{name}` is no command: keygen, verify or checkpoint (see --help)"
            )
            .into());
        }
    };
    let mut given = Given::default();
    while let Some(word) = words.next() {
        if word == "--help" || word == "-h" {
            return Ok(Command::Help);
        }
        let (word, value) = split(word);
        let option = allowed.iter().find(|option| word == **option).ok_or_else(|| {
            let known = allowed.join(", ");
            format!("`{name}` has no {}; it has {known} (see --help)", word.display())
        })?;
        match value {
            Some(_) if FLAGS.contains(option) => {
                return Err(format!("{option} takes no value").into());
            }
            Some(value) => given.take(option, &mut std::iter::once(value))?,
            None => given.take(option, &mut words)?,
        }
    }
    given.into_command(&name)
}

/// Options without a value.
const FLAGS: [&str; 2] = ["--json", "--sign"];

/// `--option=value` in its two parts. What is no text has one part.
fn split(word: OsString) -> (OsString, Option<OsString>) {
    match word.to_str().and_then(|text| text.split_once('=')) {
        Some((option, value)) if option.starts_with("--") => (option.into(), Some(value.into())),
        _ => (word, None),
    }
}

impl Given {
    fn take(
        &mut self,
        option: &str,
        words: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), Failure> {
        match option {
            "--json" => self.json = true,
            "--sign" => self.sign = true,
            _ => {
                let value = words.next().ok_or_else(|| format!("{option} needs a value"))?;
                match option {
                    "--log" => self.log = Some(value.into()),
                    "--key" => self.key = Some(value.into()),
                    "--checkpoint" => self.checkpoints.push(value.into()),
                    _ => {
                        let number = value.to_str().and_then(|text| text.parse().ok());
                        self.first_writer =
                            Some(number.ok_or("--first-writer needs the number of a lane")?);
                    }
                }
            }
        }
        Ok(())
    }

    fn into_command(self, name: &str) -> Result<Command, Failure> {
        let log = self.log.ok_or("--log is missing: the directory of the log")?;
        if name == "keygen" {
            return Ok(Command::Keygen(Keygen { log, key: self.key, sign: self.sign }));
        }
        let verify = Verify {
            log,
            key: self.key.ok_or("--key is missing: the file of the verification key")?,
            checkpoints: self.checkpoints,
            first_writer: self.first_writer.unwrap_or_default(),
            json: self.json,
        };
        Ok(if name == "verify" { Command::Verify(verify) } else { Command::Checkpoint(verify) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read_in_any_order() {
        let verify = Verify {
            log: "a".into(),
            key: "k".into(),
            checkpoints: vec!["c".into(), "d".into()],
            first_writer: 3,
            json: true,
        };
        let line = "verify --json --checkpoint c --key k --first-writer 3 --log a --checkpoint d";
        assert_eq!(parsed(line), Ok(Command::Verify(verify)));
        let keygen = Keygen { log: "a".into(), key: None, sign: true };
        assert_eq!(parsed("keygen --sign --log a"), Ok(Command::Keygen(keygen)));
        let keygen = Keygen { log: "a=b".into(), key: Some("k".into()), sign: false };
        assert_eq!(parsed("keygen --log=a=b --key=k"), Ok(Command::Keygen(keygen)));
        assert_eq!(parsed("verify --help"), Ok(Command::Help));
    }

    #[test]
    fn a_wrong_line_says_what_is_wrong() {
        for (line, expected) in [
            ("", "a command is missing: keygen, verify or checkpoint (see --help)"),
            ("verfy", "`verfy` is no command: keygen, verify or checkpoint (see --help)"),
            ("verify --log a", "--key is missing: the file of the verification key"),
            ("keygen", "--log is missing: the directory of the log"),
            ("keygen --json", "`keygen` has no --json; it has --log, --key, --sign (see --help)"),
            ("keygen --sign=yes --log a", "--sign takes no value"),
            ("verify --log", "--log needs a value"),
            ("verify --first-writer x", "--first-writer needs the number of a lane"),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }
}
