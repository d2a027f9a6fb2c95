//! What stands around a core: what breaks naive redaction, naive logs and naive encoders.

use serde_json::Value;

use super::encode::base64;
use super::random::Random;

/// How many characters the long surroundings have.
const LONG: usize = 8_192;

/// The core within hostile surroundings.
pub(super) fn around(core: &str, random: &mut Random) -> String {
    match random.below(18) {
        0 => core.to_owned(),
        1 => format!("\"{core}\""),
        2 => format!("\\\"{core}\\\\"),
        3 => format!("'; DROP TABLE users; -- {core}"),
        4 => format!("{{\"password\":\"{core}\",\"n\":[1,{{}}]}}"),
        5 => format!("https://user:{core}@host.invalid/a?b=c&d=%20#{core}"),
        6 => format!("sk-live-{core}"),
        7 => format!("-----BEGIN PRIVATE KEY-----\n{core}\n-----END PRIVATE KEY-----"),
        8 => format!("\u{0}\u{7}\u{1b}[31m{core}\u{7f}\u{9f}\r\n\t"),
        9 => format!("\u{202e}{core}\u{2066}\u{200b}\u{feff}\u{2028}"),
        10 => format!("😀\u{200d}👩{core}e\u{301}ß\u{10ffff}"),
        11 => format!("{core}{}", "é".repeat(LONG)),
        12 => format!("{}{core}", "x".repeat(LONG)),
        13 => format!("{core}@example.invalid"),
        14 => format!("<script>{core}</script>&amp;${{{core}}}{{{{{core}}}}}%s%n"),
        15 => format!("failed to deserialize parameters: {core}"),
        16 => blob(core, random),
        _ => format!("../../{core}/\u{0}..\\{core}"),
    }
}

/// A base64 blob that has the core inside, at any alignment.
fn blob(core: &str, random: &mut Random) -> String {
    let before = 10 + random.below(3);
    let mut bytes = random.bytes(before);
    bytes.extend_from_slice(core.as_bytes());
    bytes.extend(random.bytes(20));
    String::from_utf8_lossy(&base64(&bytes, b'+', b'/')).into_owned()
}

/// The document as Python's `json.dumps(sort_keys=True)` writes it: sorted keys, `", "` and
/// `": "` between, everything but ASCII escaped.
pub(super) fn python_json(document: &Value) -> String {
    match document {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(python_json).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by(|a, b| a.chars().cmp(b.chars()));
            let member =
                |key: &String| format!("{}: {}", python_text(key), python_json(&members[key]));
            format!("{{{}}}", keys.into_iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => python_text(text),
        other => other.to_string(),
    }
}

fn python_text(text: &str) -> String {
    let mut out = String::new();
    for unit in Value::from(text).to_string().encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(c) if c.is_ascii() => out.push(c),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out
}
