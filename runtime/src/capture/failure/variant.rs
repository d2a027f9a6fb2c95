//! The name of an error's variant, read off the start of its `Debug`.

use std::fmt::{self, Debug, Write};

use sha2::{Digest, Sha256};

/// How much of a `Debug` text is looked at. Names of types are shorter.
const MAX_BYTES: usize = 96;

/// Absorbs the name that a derived `Debug` starts with, and the name after `kind:` when there is
/// one. `false` when the text does not have the form of a derived `Debug`.
pub(super) fn absorb(digest: &mut Sha256, error: &dyn Debug) -> bool {
    let mut start = Start { bytes: [0; MAX_BYTES], len: 0 };
    let is_whole = write!(start, "{error:?}").is_ok();
    let text = start.bytes.get(..start.len).unwrap_or_default();
    let name = leading_name(text);
    let rest = text.get(name.len()..).unwrap_or_default();
    let is_derived = match rest {
        [] => is_whole,
        [b'(', ..] | [b' ', b'{', ..] => true,
        _ => false,
    };
    if name.is_empty() || !is_derived {
        return false;
    }
    digest.update(name);
    digest.update([0]);
    digest.update(kind_of(rest));
    true
}

fn leading_name(text: &[u8]) -> &[u8] {
    let starts_well = text.first().is_some_and(|first| first.is_ascii_alphabetic());
    let length = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    if starts_well { text.get(..length).unwrap_or_default() } else { &[] }
}

/// The variant in a field called `kind`, as standard errors have it, unless a string, which could
/// hold anything, comes first.
fn kind_of(text: &[u8]) -> &[u8] {
    const FIELD: &[u8] = b" kind: ";
    let text = text.split(|b| *b == b'"').next().unwrap_or_default();
    let found = text.windows(FIELD.len()).position(|window| window == FIELD);
    let after = found.and_then(|at| text.get(at + FIELD.len()..)).unwrap_or_default();
    let name = leading_name(after);
    if name.first().is_some_and(u8::is_ascii_uppercase) { name } else { &[] }
}

/// Keeps the first bytes of a text on the stack, and stops the text there.
struct Start {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        if taken < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
