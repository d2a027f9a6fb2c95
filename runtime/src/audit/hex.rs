//! Bytes as lower-case hexadecimal digits: the one spelling that the log has for them.

pub(super) use crate::event::{append_hex as append, hex_text as encode};

/// Fills `bytes` from exactly so many digits; false for anything else, capital letters included.
pub(super) fn decode(digits: &[u8], bytes: &mut [u8]) -> bool {
    if digits.len() != 2 * bytes.len() {
        return false;
    }
    let mut wrong = 0;
    for (pair, byte) in digits.chunks_exact(2).zip(bytes) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        wrong |= (high | low) & 0xf0;
        *byte = (high << 4) | (low & 15);
    }
    wrong == 0
}

/// The value of each digit; the high bits of all else are set.
static VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};
