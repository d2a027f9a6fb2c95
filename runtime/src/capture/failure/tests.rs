//! J1, J2 and J9: the same fault with other values is the same, another fault is another.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::*;
use crate::capture::hash::{HashMode, InstallKey};

fn print(fault: &Fault) -> u64 {
    let hasher = Hasher::new(&InstallKey::from_bytes([7; 32]), "tool", HashMode::Keyed);
    fingerprint(ErrorKind::Returned, None, Some(fault), &hasher)
}

fn of_text(text: &str) -> u64 {
    print(&Fault::of_display(&text, "String"))
}

fn of(error: &dyn Error) -> u64 {
    print(&Fault::of_error(error, "E"))
}

#[track_caller]
fn same(texts: &[&str]) {
    texts.iter().for_each(|text| assert_eq!(of_text(text), of_text(texts[0]), "{text}"));
}

#[derive(Debug)]
#[expect(dead_code, reason = "the values are there to be ignored")]
enum Custom {
    Missing(String),
    Denied { user: u64 },
    Nested(Box<dyn Error>),
    Plain,
}

impl fmt::Display for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Error for Custom {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Nested(source) => Some(&**source),
            _ => None,
        }
    }
}

#[test]
fn j9_texts_that_differ_in_values_are_one_fault() {
    same(&[
        "user 7 not found",
        "user 12 not found",
        "user 550e8400-e29b-41d4-a716-446655440000 not found",
    ]);
    same(&["cannot read '/etc/a'", "cannot read \"x y z\"", "cannot read `unfinished"]);
    same(&["open /srv/ann/x.txt: no", "open C:\\x\\y: no", "open https://h.example/a?b=c: no"]);
    same(&["mail to ann@example.org bounced", "mail to bob.b@example.com bounced"]);
    same(&["bad rows [1, 2, 3]", "bad rows [4]"]);
    same(&["commit deadbeefcafe gone", "commit 0123abcd gone"]);
    same(&["took 1.5s", "took 12.75s"]);
    let long = format!("cannot parse '{}' as a date", "x".repeat(10_000));
    same(&["cannot parse '1' as a date", &long]);
}

#[test]
fn j9_other_texts_are_other_faults() {
    let texts = [
        "user 7 not found",
        "user 7 not allowed",
        "can't connect",
        "timeout",
        "",
        "cannot read 'x'",
    ];
    let prints: std::collections::HashSet<_> = texts.iter().map(|text| of_text(text)).collect();
    assert_eq!(prints.len(), texts.len());
}

#[test]
fn j9_variants_are_told_apart_and_their_values_are_not() {
    assert_eq!(of(&Custom::Missing("a".into())), of(&Custom::Missing("b".into())));
    assert_eq!(of(&Custom::Denied { user: 1 }), of(&Custom::Denied { user: 2 }));
    let all =
        [of(&Custom::Missing(String::new())), of(&Custom::Denied { user: 1 }), of(&Custom::Plain)];
    assert!(all[0] != all[1] && all[1] != all[2]);
    let io = |kind: io::ErrorKind, text: &str| of(&io::Error::new(kind, text.to_owned()));
    assert_eq!(io(io::ErrorKind::NotFound, "a"), io(io::ErrorKind::NotFound, "b"));
    assert_ne!(io(io::ErrorKind::NotFound, "a"), io(io::ErrorKind::TimedOut, "a"));
    assert_ne!(of(&"x".parse::<u8>().unwrap_err()), of(&"300".parse::<u8>().unwrap_err()));
}

#[test]
fn j9_the_chain_and_the_type_belong_to_the_fault() {
    let nested = |source: Custom| of(&Custom::Nested(Box::new(source)));
    assert_ne!(nested(Custom::Plain), nested(Custom::Denied { user: 1 }));
    assert_eq!(nested(Custom::Denied { user: 1 }), nested(Custom::Denied { user: 2 }));
    assert_ne!(print(&Fault::of_type("A")), print(&Fault::of_type("B")));
    let boxed: Box<dyn Error> = "user 7 is gone".into();
    let other: Box<dyn Error> = "user 8 is gone".into();
    assert_eq!(of(&*boxed), of(&*other));
}

#[test]
fn j9_a_fingerprint_is_stable_across_builds() {
    assert_eq!(of_text("user 7 not found"), of_text("user 8 not found"));
    assert_eq!(of(&Custom::Plain), PLAIN);
}

const PLAIN: u64 = 0x7acc_1451_6fd7_2f98;

#[test]
fn a_json_rpc_code_is_part_of_the_fingerprint() {
    let hasher = Hasher::new(&InstallKey::from_bytes([7; 32]), "tool", HashMode::Keyed);
    let of_code = |code| fingerprint(ErrorKind::Protocol, code, None, &hasher);
    assert!(of_code(Some(-32602)) != of_code(Some(-32603)) && of_code(Some(0)) != of_code(None));
}

#[test]
fn j2_chains_end_at_ten_even_in_a_cycle() {
    struct Cycle(Option<Arc<Cycle>>);
    impl fmt::Debug for Cycle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Cycle")
        }
    }
    impl fmt::Display for Cycle {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cycle")
        }
    }
    impl Error for Cycle {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            // A static error that names itself as its source.
            static SELF: Cycle = Cycle(None);
            Some(self.0.as_deref().unwrap_or(&SELF))
        }
    }
    assert_eq!(Fault::of_error(&Cycle(None), "Cycle").chain_len, 10);
    let two = Custom::Nested(Box::new(Custom::Plain));
    assert_eq!(Fault::of_error(&two, "Custom").chain_len, 2);
}

#[test]
fn a_panic_while_formatting_leaves_the_type() {
    struct Bad;
    impl fmt::Display for Bad {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("display")
        }
    }
    let before = losses::counted(Loss::ErrorFormat);
    let fault = Fault::of_display(&Bad, "Bad");
    assert_eq!(print(&fault), print(&Fault::of_type("Bad")));
    assert!(losses::counted(Loss::ErrorFormat) > before);
}

#[test]
fn no_part_of_a_text_is_kept() {
    let fault = Fault::of_display(&"patient Ann Miller", "String");
    assert!(!format!("{fault:?}").contains("Ann"));
}
