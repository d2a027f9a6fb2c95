//! Finds every form of every needle in one pass over a haystack.
//!
//! The index holds the first 8 bytes of each form. A bit table answers most windows of the
//! haystack at once, so that the cost hardly grows with the number of needles.

use std::collections::HashMap;
use std::io::Read;

use super::encode::{Beside, Form};

/// The bit table has 2^24 bits (2 MiB).
const FILTER_BITS: u32 = 24;

/// A haystack that holds a needle holds it often: more hits say nothing new.
const MAX_HITS: usize = 1_000;

/// How many compressed streams within each other are looked into.
const MAX_NESTING: u32 = 3;

/// One form of one needle, found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Which needle.
    pub needle: usize,
    /// In which encoding.
    pub encoding: &'static str,
    /// Where in the haystack, after decompression.
    pub offset: usize,
    /// How many bytes.
    pub len: usize,
}

struct Pattern {
    form: Form,
    needle: usize,
    next: Option<u32>,
}

/// All forms of all needles.
pub struct Index {
    patterns: Vec<Pattern>,
    first: HashMap<u64, u32>,
    filter: Vec<u64>,
}

impl Default for Index {
    fn default() -> Self {
        let filter = vec![0; 1 << (FILTER_BITS - 6)];
        Self { patterns: Vec::new(), first: HashMap::new(), filter }
    }
}

impl Index {
    /// Adds the forms of a needle.
    pub fn add(&mut self, needle: usize, forms: Vec<Form>) {
        for form in forms {
            let Some(window) = form.bytes.first_chunk() else { continue };
            let window = u64::from_le_bytes(*window);
            let (word, bit) = slot(window);
            self.filter[word] |= bit;
            let place = self.patterns.len() as u32;
            let next = self.first.insert(window, place);
            self.patterns.push(Pattern { form, needle, next });
        }
    }

    /// How many forms are searched for.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Every hit in the haystack and in what is compressed within it.
    pub fn search(&self, haystack: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.search_plain(haystack, &mut hits);
        for inner in decompressed(haystack, MAX_NESTING) {
            self.search_plain(&inner, &mut hits);
        }
        hits
    }

    fn search_plain(&self, haystack: &[u8], hits: &mut Vec<Hit>) {
        let mut window = 0_u64;
        for (index, byte) in haystack.iter().enumerate() {
            window = (window >> 8) | (u64::from(*byte) << 56);
            let (word, bit) = slot(window);
            if index < 7 || self.filter[word] & bit == 0 {
                continue;
            }
            self.confirm(haystack, index - 7, window, hits);
            if hits.len() >= MAX_HITS {
                return;
            }
        }
    }

    fn confirm(&self, haystack: &[u8], offset: usize, window: u64, hits: &mut Vec<Hit>) {
        let mut next = self.first.get(&window).copied();
        while let Some(place) = next {
            let pattern = &self.patterns[place as usize];
            if stands_at(&pattern.form, haystack, offset) {
                let (encoding, len) = (pattern.form.encoding, pattern.form.bytes.len());
                hits.push(Hit { needle: pattern.needle, encoding, offset, len });
            }
            next = pattern.next;
        }
    }
}

/// The place of a window in the bit table.
fn slot(window: u64) -> (usize, u64) {
    let hash = window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    ((hash >> 6) as usize, 1 << (hash & 63))
}

fn stands_at(form: &Form, haystack: &[u8], offset: usize) -> bool {
    let rest = &haystack[offset..];
    let before = offset.checked_sub(1).map(|place| haystack[place]);
    let after = rest.get(form.bytes.len()).copied();
    let borders = |is_part: fn(&u8) -> bool| {
        !before.is_some_and(|byte| is_part(&byte)) && !after.is_some_and(|byte| is_part(&byte))
    };
    rest.starts_with(&form.bytes)
        && match form.beside {
            Beside::Anything => true,
            Beside::NoDigit => borders(u8::is_ascii_digit),
            Beside::NoHexDigit => borders(u8::is_ascii_hexdigit),
        }
}

/// Everything that is compressed as gzip somewhere in the bytes, as far as it can be read.
fn decompressed(bytes: &[u8], nesting: u32) -> Vec<Vec<u8>> {
    const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
    let mut found = Vec::new();
    if nesting == 0 {
        return found;
    }
    for start in bytes.windows(3).enumerate().filter_map(|(at, it)| (it == GZIP).then_some(at)) {
        let mut inner = Vec::new();
        // A cut stream ends in an error: what came before it was read and counts.
        flate2::read::GzDecoder::new(&bytes[start..]).read_to_end(&mut inner).ok();
        found.extend(decompressed(&inner, nesting - 1));
        found.push(inner);
    }
    found
}
