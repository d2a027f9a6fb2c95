//! The few pieces of protocol buffers that OTLP is made of.
//!
//! OTLP is stable: the number and the type of a field never change. So they are written by hand,
//! which spares every user the crates of the OpenTelemetry SDK (docs/adr/007); the suite `otlp`
//! reads the result with `opentelemetry-proto`.

/// A message that is being written.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

/// How a field's bytes are laid out.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LEN: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LEN);
        self.raw_varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    pub(super) fn varint(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.raw_varint(number);
    }

    pub(super) fn bool(&mut self, field: u32, value: bool) {
        self.varint(field, value.into());
    }

    /// A signed number as OTLP writes those of attributes: negative ones take ten bytes.
    pub(super) fn int64(&mut self, field: u32, number: i64) {
        self.varint(field, number.cast_unsigned());
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn double(&mut self, field: u32, number: f64) {
        self.fixed64(field, number.to_bits());
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A list of numbers of eight bytes each.
    pub(super) fn packed64(&mut self, field: u32, numbers: impl Iterator<Item = u64>) {
        self.message(field, |list| {
            numbers.for_each(|n| list.0.extend_from_slice(&n.to_le_bytes()))
        });
    }

    /// A message within this one.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, LEN);
        let at = self.0.len();
        // Most messages are attributes, whose length takes one byte: its place is kept.
        self.0.push(0);
        write(self);
        let len = self.0.len() - at - 1;
        match (u8::try_from(len), self.0.get_mut(at)) {
            (Ok(short @ 0..0x80), Some(place)) => *place = short,
            _ => {
                let mut digits = Self::default();
                digits.raw_varint(len as u64);
                self.0.splice(at..=at, digits.0);
            }
        }
    }

    fn tag(&mut self, field: u32, layout: u32) {
        self.raw_varint((field << 3 | layout).into());
    }

    fn raw_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

/// A field of a message that was received.
#[derive(Debug, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Reads a message field by field, and ends at the first fault.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.varint()?;
        let field = match (tag & 7) as u32 {
            VARINT => Field::Number(self.varint()?),
            FIXED64 => Field::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            FIXED32 => Field::Number(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
            LEN => {
                let len = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(len)?)
            }
            _ => return None,
        };
        Some((tag >> 3, field))
    }
}

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut message = Message::default();
        message.varint(1, 300);
        message.int64(2, -1);
        message.text(3, "text");
        message.message(4, |within| within.bytes(1, &[7; 200]));
        // On both sides of where a length takes one byte more.
        for len in [0, 1, 124, 125, 126, 127, 16_380, 16_381] {
            message.message(6, |within| within.message(1, |most| most.bytes(1, &vec![7; len])));
        }
        message.fixed64(5, u64::MAX);
        message.fixed32(16, 0x0301);
        let bytes = message.into_bytes();
        assert_eq!(bytes[..3], [0x08, 0xac, 0x02]);
        let fields: Vec<_> = Fields(&bytes).collect();
        assert_eq!(fields[0], (1, Field::Number(300)));
        assert_eq!(fields[1], (2, Field::Number(u64::MAX)));
        assert_eq!(fields[2], (3, Field::Bytes(b"text")));
        let (4, Field::Bytes(within)) = fields[3] else { panic!("{fields:?}") };
        assert_eq!(Fields(within).next(), Some((1, Field::Bytes(&[7; 200]))));
        for (field, len) in fields[4..].iter().zip([0, 1, 124, 125, 126, 127, 16_380, 16_381]) {
            let (6, Field::Bytes(within)) = field else { panic!("{field:?}") };
            let all: Vec<_> = Fields(within).collect();
            let [(1, Field::Bytes(most))] = all[..] else { panic!("{all:?}") };
            let all: Vec<_> = Fields(most).collect();
            assert_eq!(all, [(1, Field::Bytes(&vec![7; len]))]);
        }
        assert_eq!(fields[12..], [(5, Field::Number(u64::MAX)), (16, Field::Number(0x0301))]);
    }

    #[test]
    fn what_breaks_off_or_is_nonsense_ends_without_a_fault() {
        for bytes in [&[0x08][..], &[0xff; 20], &[0x1a, 0x05, 1], &[0x0b], &[0x09, 1], b"{}"] {
            assert!(Fields(bytes).take(9).count() <= 1, "{bytes:?}");
        }
    }
}
