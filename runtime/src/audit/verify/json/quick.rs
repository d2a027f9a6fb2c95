//! Knows the JSON that servers write without an allocation: no white space, no escapes, numbers of a
//! few digits, few keys. Whatever it does not know it leaves to the parser, so that only its yes
//! counts, and each yes of it must be one of the parser's.

/// Objects and lists in each other that it follows.
const MAX_DEPTH: u32 = 32;
/// Keys of an object and of those around it that it compares.
const MAX_KEYS: usize = 64;
/// Digits of a number, with which none is out of any range.
const MAX_DIGITS: usize = 17;

/// Whether these are the bytes of one plain JSON object in which no key comes twice.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let mut scan = Scan { bytes, at: 0, keys: [(0, 0, 0); MAX_KEYS], count: 0 };
    std::str::from_utf8(bytes).is_ok()
        && bytes.first() == Some(&b'{')
        && scan.value(MAX_DEPTH).is_some()
        && scan.at == bytes.len()
}

/// Each step moves on behind what it has read; `None` is for what it does not know.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Of the object that is read, and of those around it: a sum of the key, and where it stands.
    keys: [(u64, usize, usize); MAX_KEYS],
    count: usize,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn takes(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn skips(&mut self, byte: u8) -> bool {
        let is_next = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        match self.next()? {
            b'"' => self.string(),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b't' => self.word(b"rue"),
            b'f' => self.word(b"alse"),
            b'n' => self.word(b"ull"),
            b'-' => {
                let first = self.next()?;
                self.number(first)
            }
            first => self.number(first),
        }
    }

    fn object(&mut self, depth: u32) -> Option<()> {
        let around = self.count;
        if self.skips(b'}') {
            return Some(());
        }
        loop {
            self.takes(b'"')?;
            let start = self.at;
            self.string()?;
            self.take_key(start, self.at - 1, around)?;
            self.takes(b':')?;
            self.value(depth)?;
            match self.next()? {
                b',' => {}
                b'}' => {
                    self.count = around;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// Compares a key with those of the same object, which are those from `around` on.
    fn take_key(&mut self, start: usize, end: usize, around: usize) -> Option<()> {
        let key = &self.bytes[start..end];
        // Most keys differ in their last bytes, or in all of them when they are short.
        let sum = match key.last_chunk() {
            Some(last) => u64::from_le_bytes(*last),
            None => key.iter().fold(key.len() as u64, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        let before = &self.keys[around..self.count];
        let is_same = |&(other, start, end): &(u64, usize, usize)| {
            other == sum && self.bytes[start..end] == *key
        };
        if before.iter().any(is_same) {
            return None;
        }
        *self.keys.get_mut(self.count)? = (sum, start, end);
        self.count += 1;
        Some(())
    }

    fn list(&mut self, depth: u32) -> Option<()> {
        if self.skips(b']') {
            return Some(());
        }
        loop {
            self.value(depth)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        let is_next = self.bytes.get(self.at..)?.starts_with(rest);
        self.at += rest.len();
        is_next.then_some(())
    }

    /// Reads the rest of a string, whose quote was read, with its quote.
    fn string(&mut self) -> Option<()> {
        while let Some(eight) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let marks = ends(u64::from_le_bytes(*eight));
            self.at += (marks.trailing_zeros() / 8) as usize;
            if marks != 0 {
                return self.takes(b'"');
            }
        }
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' | ..=0x1f => return None,
                _ => {}
            }
        }
    }

    /// Reads the rest of a number, whose first digit was read.
    fn number(&mut self, first: u8) -> Option<()> {
        let whole = match first {
            b'0' => 1,
            b'1'..=b'9' => 1 + self.digits(),
            _ => return None,
        };
        let part = if self.skips(b'.') { self.digits() } else { 1 };
        let next = self.bytes.get(self.at);
        let is_over = !next.is_some_and(|next| matches!(next, b'0'..=b'9' | b'e' | b'E'));
        (part > 0 && whole + part <= MAX_DIGITS && is_over).then_some(())
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }
}

/// Marks, of eight bytes, each that can end a run of plain ones: a quote, a backslash, a control
/// character. The lowest mark is right; those above may be too many.
fn ends(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let below = |bytes: u64, bound: u8| bytes.wrapping_sub(ONES * u64::from(bound)) & !bytes;
    let is = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    (below(bytes, 0x20) | is(b'"') | is(b'\\')) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::verify::json::is_strict_by_serde;
    use proptest::prelude::*;

    #[test]
    fn it_knows_what_servers_write() {
        for text in [
            "{}",
            r#"{"a":1,"b":-0.5,"c":[],"d":[true,false,null,{"a":{}}],"e":"","f":"ü😀"}"#,
            r#"{"event_id":"00000000-0000-7000-8000-000000000000","outcome":"ok","n":[{"a":1},{"a":2}]}"#,
            r#"{"0123456789":0,"1123456789":0,"x3456789":0,"3456789":0}"#,
        ] {
            assert!(is_plain(text.as_bytes()) && is_strict_by_serde(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn it_says_nothing_of_anything_else() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
        for text in [
            "",
            "{",
            "{}}",
            "{} ",
            " {}",
            "[]",
            "1",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1 }",
            "{\"a\":01}",
            "{\"a\":-}",
            "{\"a\":1.}",
            "{\"a\":.1}",
            "{\"a\":1e5}",
            "{\"a\":123456789012345678}",
            "{\"a\":tru}",
            "{\"a\":\"}",
            "{\"a\":\"\\u0020\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"0123456\u{1}\"}",
            "{\"a\":[1,]}",
            "{\"a\":[1}}",
            "{\"a\":+1}",
            "{\"long key of many bytes\":1,\"long key of many bytes\":2}",
            "{\"a\":NaN}",
            "{a:1}",
            &deep,
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
        }
        assert!(!is_plain(b"{\"a\":\"\xff\"}"));
    }

    /// Text that is almost JSON: pieces of it in any order.
    fn pieces() -> impl Strategy<Value = String> {
        const PIECES: [&str; 26] = [
            "{", "}", "[", "]", ",", ":", "\"", "\"a\":", "\"b\":", "\"ab\":", "1", "0", "-", ".5",
            "e9", "true", "null", "\"x\"", "\\", "\\u00e9", " ", "\n", "{}", "[]", "\"a\":1,",
            "\u{fc}",
        ];
        proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..14)
            .prop_map(|pieces| format!("{{{}}}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn each_yes_is_one_of_the_parser(text in pieces()) {
            prop_assert!(!is_plain(text.as_bytes()) || is_strict_by_serde(text.as_bytes()));
        }

        #[test]
        fn a_changed_byte_changes_no_yes_into_a_wrong_one(at in 0usize..122, byte: u8) {
            let text = br#"{"event_id":"00000000-0000-7000-8000","n":-12.5,"l":[1,{"a":"","b":null}],"event_ix":true,"fields":{"a":{"len":3},"b":0}}"#;
            let mut bytes = text.to_vec();
            let place = at % bytes.len();
            bytes[place] = byte;
            prop_assert!(!is_plain(&bytes) || is_strict_by_serde(&bytes));
        }
    }
}
