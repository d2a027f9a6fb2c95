//! The search of the canary suite finds what it must, in every encoding, and nothing else.

use std::collections::HashSet;
use std::io::Write;

use serde_json::json;
use toolwatch_tests::canary::encode;
use toolwatch_tests::canary::needle::{Kind, Needles};
use toolwatch_tests::canary::random::Random;

/// The bytes in the midst of noise.
fn in_noise(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut haystack = random.bytes(5_000);
    haystack.push(b' ');
    haystack.extend_from_slice(bytes);
    haystack.push(b' ');
    haystack.extend(random.bytes(5_000));
    haystack
}

/// Writes bytes down in one encoding, independently of the engine under test.
type Writer = fn(&str) -> Vec<u8>;

const WRITERS: [(&str, Writer); 16] = [
    ("raw", |core| core.into()),
    ("lower case", |core| core.to_lowercase().into()),
    ("upper case", |core| core.to_uppercase().into()),
    ("reversed", |core| core.bytes().rev().collect()),
    ("hex", |core| core.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()),
    ("hex", |core| core.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()),
    ("UTF-16LE", |core| core.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16BE", |core| core.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("JSON escapes", |core| {
        core.encode_utf16().flat_map(|unit| format!("\\u{unit:04x}").into_bytes()).collect()
    }),
    ("percent-encoding", |core| {
        core.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect()
    }),
    ("HTML entities", |core| {
        core.chars().flat_map(|c| format!("&#{};", u32::from(c)).into_bytes()).collect()
    }),
    ("HTML entities", |core| {
        core.chars().flat_map(|c| format!("&#x{:x};", u32::from(c)).into_bytes()).collect()
    }),
    ("list of bytes", |core| format!("{:?}", core.as_bytes().to_vec()).into()),
    ("octal escapes", |core| {
        core.bytes().flat_map(|byte| format!("\\{byte:03o}").into_bytes()).collect()
    }),
    ("sha256", |core| sha256_hex(core).into()),
    ("sha256", |core| sha256_hex(core)[..16].into()),
];

#[test]
fn an_escaped_text_is_found_within_a_json_string() {
    let mut random = Random::new(12);
    for (encoding, write) in WRITERS {
        let mut needles = Needles::new(random.bits());
        let core = needles.word(Kind::Argument, "a test");
        let Ok(text) = String::from_utf8(write(&core)) else { continue };
        if !encoding.starts_with("UTF-16") {
            check(&needles, &in_noise(json!(text).to_string().as_bytes(), &mut random), encoding);
        }
    }
}

fn sha256_hex(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn check(needles: &Needles, haystack: &[u8], encoding: &str) {
    let hits = needles.index().search(haystack);
    assert!(
        hits.iter().any(|hit| hit.needle == 0 && hit.encoding == encoding),
        "{encoding}: {hits:?}"
    );
}

#[test]
fn every_encoding_of_a_text_is_found_in_noise() {
    let mut random = Random::new(1);
    for (encoding, write) in WRITERS {
        let mut needles = Needles::new(random.bits());
        let core = needles.word(Kind::Argument, "a test");
        check(&needles, &in_noise(&write(&core), &mut random), encoding);
    }
}

#[test]
fn base64_is_found_at_every_alignment_in_both_alphabets() {
    let mut random = Random::new(2);
    for alignment in 0..6 {
        let mut needles = Needles::new(random.bits());
        let core = needles.word(Kind::Argument, "a test");
        let mut bytes = random.bytes(20 + alignment);
        bytes.extend_from_slice(core.as_bytes());
        bytes.extend(random.bytes(9));
        check(&needles, &in_noise(&encode::base64(&bytes, b'+', b'/'), &mut random), "base64");
        check(&needles, &in_noise(&encode::base64(&bytes, b'-', b'_'), &mut random), "base64");
    }
}

#[test]
fn base64_of_bytes_with_all_symbols_is_found_in_both_alphabets() {
    let mut random = Random::new(3);
    let secret = [0xfb, 0xff, 0xbf, 0xfe, 0xfb, 0xff, 0xbf, 0xfe, 0xfb, 0xff, 0xbf, 0xfe];
    let mut needles = Needles::new(3);
    needles.secret(Kind::InstallKey, "a test", &secret);
    check(&needles, &in_noise(&encode::base64(&secret, b'+', b'/'), &mut random), "base64");
    check(&needles, &in_noise(&encode::base64(&secret, b'-', b'_'), &mut random), "base64url");
}

#[test]
fn the_base64_encoder_agrees_with_known_texts() {
    let known = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
    for (plain, coded) in known {
        assert_eq!(encode::base64(plain.as_bytes(), b'+', b'/'), coded.as_bytes());
    }
}

#[test]
fn every_fragment_of_eight_characters_is_found() {
    let mut random = Random::new(4);
    let mut needles = Needles::new(4);
    let core = needles.word(Kind::Argument, "a test");
    for start in 0..=8 {
        check(&needles, &in_noise(&core.as_bytes()[start..start + 8], &mut random), "raw");
    }
}

#[test]
fn numbers_are_found_in_text_and_in_binary() {
    let mut random = Random::new(5);
    for _ in 0..200 {
        let mut needles = Needles::new(random.bits());
        let value = needles.integer(Kind::Argument, "a test");
        let mut found =
            |bytes: &[u8], encoding| check(&needles, &in_noise(bytes, &mut random), encoding);
        found(value.to_string().as_bytes(), "decimal number");
        found(format!("{value:e}").as_bytes(), "decimal number");
        found(format!("{value:x}").as_bytes(), "hexadecimal number");
        found(&value.to_le_bytes(), "integer, little-endian");
        found(&value.to_be_bytes(), "integer, big-endian");
        found(&(value as f64).to_be_bytes(), "f64, big-endian");
    }
    let mut needles = Needles::new(6);
    let float = needles.float(Kind::Argument, "a test");
    check(&needles, &in_noise(json!(float).to_string().as_bytes(), &mut random), "decimal number");
    check(&needles, &in_noise(&float.to_le_bytes(), &mut random), "f64, little-endian");
}

#[test]
fn plain_digests_of_whole_arguments_are_found() {
    let mut random = Random::new(8);
    let mut needles = Needles::new(8);
    let arguments = json!({ "b": [1, "é"], "a": null });
    needles.document(Kind::Argument, "a test", &arguments);
    check(
        &needles,
        &in_noise(&sha256_hex(&arguments.to_string()).as_bytes()[..16], &mut random),
        "sha256",
    );
    let python = r#"{"a": null, "b": [1, "\u00e9"]}"#;
    check(&needles, &in_noise(sha256_hex(python).as_bytes(), &mut random), "sha256");
}

#[test]
fn compressed_bytes_are_searched_too() {
    let mut random = Random::new(9);
    let mut needles = Needles::new(9);
    let core = needles.word(Kind::Argument, "a test");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(format!("{{\"leak\":\"{core}\"}}").as_bytes()).expect("memory");
    check(&needles, &in_noise(&gzip.finish().expect("memory"), &mut random), "raw");
}

#[test]
fn every_kind_of_surroundings_keeps_its_core_findable() {
    let mut needles = Needles::new(10);
    let texts: Vec<String> =
        (0..300).map(|n| needles.text(Kind::Argument, &n.to_string())).collect();
    for text in &texts {
        assert!(!needles.index().search(text.as_bytes()).is_empty(), "raw: {text}");
        assert!(
            !needles.index().search(json!(text).to_string().as_bytes()).is_empty(),
            "json: {text}"
        );
        assert!(
            !needles.index().search(format!("{text:?}").as_bytes()).is_empty(),
            "debug: {text}"
        );
    }
}

#[test]
fn ten_megabytes_of_noise_hold_no_needle() {
    let mut random = Random::new(11);
    let mut needles = Needles::new(11);
    for _ in 0..300 {
        needles.text(Kind::Argument, "a text");
        needles.integer(Kind::Argument, "a number");
        needles.float(Kind::Argument, "a number");
    }
    assert_eq!(needles.index().search(&random.bytes(5 << 20)), []);
    let hex: String = random.bytes(1 << 20).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(needles.index().search(hex.as_bytes()), []);
    let lines: String = (0..200_000).map(|_| format!("\"n\":{},", random.bits())).collect();
    assert_eq!(needles.index().search(lines.as_bytes()), []);
}

#[test]
fn the_suite_knows_more_than_ten_encodings() {
    let encodings: HashSet<_> = encode::of_text("abcdefghijklmnop")
        .into_iter()
        .chain(encode::of_digests(b"x"))
        .map(|form| form.encoding)
        .collect();
    assert!(encodings.len() >= 12, "{encodings:?}");
}
