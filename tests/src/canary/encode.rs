//! The encodings in which a needle is searched for.
//!
//! Every form is at least 8 bytes long, because the index looks at windows of 8 bytes.

use std::hash::{DefaultHasher, Hasher};

use sha2::{Digest, Sha256};

/// How many characters of a core in a row count as a leak.
pub const FRAGMENT: usize = 8;

/// How many characters of an id in a row count as one: hashes are written in the same digits.
pub const FRAGMENT_OF_ID: usize = 12;

/// What may stand beside a form for it to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Anything: the form is long enough never to appear by chance.
    Anything,
    /// No decimal digit: the form is a decimal number as a whole.
    NoDigit,
    /// No hexadecimal digit.
    NoHexDigit,
}

/// One way in which a needle may be written.
#[derive(Clone, Debug)]
pub struct Form {
    /// The name of the encoding, for the failure message.
    pub encoding: &'static str,
    /// What is searched for.
    pub bytes: Vec<u8>,
    /// What may stand beside it.
    pub beside: Beside,
}

fn form(encoding: &'static str, bytes: impl Into<Vec<u8>>) -> Form {
    Form { encoding, bytes: bytes.into(), beside: Beside::Anything }
}

/// All forms of an alphanumeric core of a text.
pub fn of_text(core: &str) -> Vec<Form> {
    let mut forms = of_bytes(core.as_bytes());
    let reversed: String = core.chars().rev().collect();
    let (lower, upper) = (core.to_lowercase(), core.to_uppercase());
    for (encoding, text) in
        [("raw", core), ("lower case", &lower), ("upper case", &upper), ("reversed", &reversed)]
    {
        let fragments = text.as_bytes().windows(FRAGMENT.min(text.len()));
        forms.extend(fragments.map(|fragment| form(encoding, fragment)));
    }
    forms
}

/// The forms of bytes that need not be text, such as a key: all but the folded ones.
pub fn of_bytes(core: &[u8]) -> Vec<Form> {
    let mut forms = vec![form("raw", core)];
    forms.extend(per_byte(core));
    forms.extend(utf16(core));
    for alignment in 0..3 {
        let standard = base64_within(core, alignment, b'+', b'/');
        let url_safe = base64_within(core, alignment, b'-', b'_');
        if url_safe != standard {
            forms.push(form("base64url", url_safe));
        }
        forms.push(form("base64", standard));
    }
    forms.retain(|form| form.bytes.len() >= FRAGMENT);
    forms
}

/// Encodings that write one byte after the other.
fn per_byte(core: &[u8]) -> Vec<Form> {
    let each = |write: fn(u8) -> String, between: &str| {
        core.iter().map(|byte| write(*byte)).collect::<Vec<_>>().join(between)
    };
    vec![
        form("hex", each(|byte| format!("{byte:02x}"), "")),
        form("hex", each(|byte| format!("{byte:02X}"), "")),
        form("spaced hex", each(|byte| format!("{byte:02x}"), " ")),
        form("JSON escapes", each(|byte| format!("\\u{byte:04x}"), "")),
        form("JSON escapes", each(|byte| format!("\\u{byte:04X}"), "")),
        form("percent-encoding", each(|byte| format!("%{byte:02X}"), "")),
        form("percent-encoding", each(|byte| format!("%{byte:02x}"), "")),
        form("HTML entities", each(|byte| format!("&#{byte};"), "")),
        form("HTML entities", each(|byte| format!("&#x{byte:x};"), "")),
        form("HTML entities", each(|byte| format!("&#x{byte:X};"), "")),
        form("list of bytes", each(|byte| byte.to_string(), ", ")),
        form("list of bytes", each(|byte| byte.to_string(), ",")),
        form("octal escapes", each(|byte| format!("\\{byte:03o}"), "")),
        form("hex escapes", each(|byte| format!("\\x{byte:02x}"), "")),
        // An escaped text within a JSON string.
        form("JSON escapes", each(|byte| format!("\\\\u{byte:04x}"), "")),
        form("JSON escapes", each(|byte| format!("\\\\u{byte:04X}"), "")),
        form("octal escapes", each(|byte| format!("\\\\{byte:03o}"), "")),
        form("hex escapes", each(|byte| format!("\\\\x{byte:02x}"), "")),
        form("quoted-printable", each(|byte| format!("={byte:02X}"), "")),
    ]
}

fn utf16(core: &[u8]) -> [Form; 2] {
    let units = |order: fn(u16) -> [u8; 2]| {
        core.iter().flat_map(|byte| order(u16::from(*byte))).collect::<Vec<u8>>()
    };
    [form("UTF-16LE", units(u16::to_le_bytes)), form("UTF-16BE", units(u16::to_be_bytes))]
}

/// The characters of base64 that depend on `core` alone when `before` bytes stand before it.
fn base64_within(core: &[u8], before: usize, plus: u8, slash: u8) -> Vec<u8> {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(core.iter().copied()).collect();
    let (first, last) = ((8 * before).div_ceil(6), (8 * padded.len()) / 6);
    base64(&padded, plus, slash)[first..last].to_vec()
}

/// Base64 without padding characters, with the last two of its alphabet chosen.
pub fn base64(bytes: &[u8], plus: u8, slash: u8) -> Vec<u8> {
    let symbol = |sextet: u32| match (sextet & 63) as u8 {
        value @ 0..=25 => b'A' + value,
        value @ 26..=51 => b'a' + value - 26,
        value @ 52..=61 => b'0' + value - 52,
        62 => plus,
        _ => slash,
    };
    let mut out = Vec::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = (at(0) << 16) | (at(1) << 8) | at(2);
        let symbols = [word >> 18, word >> 12, word >> 6, word].map(symbol);
        out.extend_from_slice(&symbols[..=chunk.len()]);
    }
    out
}

/// Plain digests of a text: whoever guesses the text can confirm it.
pub fn of_digests(text: &[u8]) -> Vec<Form> {
    let sha256 = Sha256::digest(text);
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    let first = u64::from_be_bytes(sha256[..8].try_into().unwrap_or_default());
    let mut forms = vec![
        form("sha256", &hex.as_bytes()[..16]),
        form("sha256", hex[..16].to_uppercase()),
        form("sha256", &sha256[..8]),
        form("sha256", &base64(&sha256, b'+', b'/')[..10]),
        form("sha256", &base64(&sha256, b'-', b'_')[..10]),
    ];
    forms.extend(of_word("sha256", first));
    forms.extend(of_word("std hash", std_hash(text)));
    forms.extend(of_word("fnv-1a", fnv1a(text)));
    forms
}

/// The forms of 64 bits whose neighbours cannot be mistaken for them.
fn of_word(encoding: &'static str, word: u64) -> Vec<Form> {
    let decimal = |text: String| Form { encoding, bytes: text.into(), beside: Beside::NoDigit };
    let mut forms = vec![
        form(encoding, format!("{word:016x}")),
        form(encoding, format!("{word:016X}")),
        form(encoding, word.to_le_bytes()),
        form(encoding, word.to_be_bytes()),
        decimal(word.to_string()),
        decimal((word as i64).to_string()),
    ];
    forms.retain(|form| form.bytes.len() >= FRAGMENT);
    forms
}

/// What `str::hash` gives with the default hasher of the standard library.
fn std_hash(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text);
    hasher.write_u8(0xff);
    hasher.finish()
}

fn fnv1a(text: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    text.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// All forms of a whole number of at least ten digits.
pub fn of_integer(value: i64) -> Vec<Form> {
    let mut forms = of_number_text(&value.unsigned_abs().to_string());
    for hex in [format!("{:x}", value.unsigned_abs()), format!("{:X}", value.unsigned_abs())] {
        let bytes = hex.into_bytes();
        forms.push(Form { encoding: "hexadecimal number", bytes, beside: Beside::NoHexDigit });
    }
    forms.push(form("integer, little-endian", value.to_le_bytes()));
    forms.push(form("integer, big-endian", value.to_be_bytes()));
    forms.extend(of_float_bits(value as f64));
    forms.retain(|form| form.bytes.len() >= FRAGMENT);
    forms
}

/// All forms of a number with a fraction.
pub fn of_float(value: f64) -> Vec<Form> {
    let mut forms = of_number_text(&value.abs().to_string());
    forms.extend(of_float_bits(value));
    forms
}

fn of_float_bits(value: f64) -> [Form; 2] {
    [form("f64, little-endian", value.to_le_bytes()), form("f64, big-endian", value.to_be_bytes())]
}

/// A number as text is searched for as a whole: eight digits of it may appear by chance.
fn of_number_text(text: &str) -> Vec<Form> {
    let reversed: String = text.chars().rev().collect();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let whole = |bytes: &str| Form {
        encoding: "decimal number",
        bytes: bytes.into(),
        beside: Beside::NoDigit,
    };
    let mut forms = of_bytes(text.as_bytes());
    for form in forms.iter_mut().filter(|form| form.encoding == "raw") {
        (form.encoding, form.beside) = ("decimal number", Beside::NoDigit);
    }
    forms.push(whole(&reversed));
    forms.push(whole(&format!("{}.{}", &digits[..1], digits[1..].trim_end_matches('0'))));
    forms
}
