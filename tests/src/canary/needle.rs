//! Needles: values that appear nowhere else, each of which knows where it was planted.

use std::fmt;

use serde_json::{Number, Value};

use super::encode::{self, Form};
use super::random::Random;
use super::search::Index;
use super::surroundings;

/// What kind of user data a needle stands for. A few kinds may appear in one place each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value of an argument, or a key that no schema declares.
    Argument,
    /// A literal of the author's schema.
    Schema,
    /// Something in a result.
    Result,
    /// The text of an error, a panic, a reason.
    Error,
    /// Request metadata and transport headers.
    Context,
    /// What a client calls itself: may appear in a label.
    Label,
    /// What the author's hook says of who calls: may appear in the identity at level `label`.
    Identity,
    /// The ids of a valid trace context: may appear as ids.
    Trace,
    /// The agent's words: may appear in the intent at level `text`.
    Intent,
    /// The key of the endpoint: may appear in the header that carries it.
    ApiKey,
    /// The key that hashes are made with: may appear in its own file.
    InstallKey,
}

/// One planted value.
#[derive(Clone, Debug)]
pub struct Needle {
    /// What it stands for.
    pub kind: Kind,
    /// Where it was planted.
    pub place: String,
    /// What makes it unique. Made up by the suite, so that it may be printed.
    pub core: String,
}

impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} `{}` planted in {}", self.kind, self.core, self.place)
    }
}

/// All needles of one round, and the index that finds them.
pub struct Needles {
    planted: Vec<Needle>,
    index: Index,
    random: Random,
}

impl Needles {
    /// A round without needles.
    pub fn new(seed: u64) -> Self {
        Self { planted: Vec::new(), index: Index::default(), random: Random::new(seed) }
    }

    /// The index over all needles.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// A needle by its number.
    pub fn get(&self, needle: usize) -> &Needle {
        &self.planted[needle]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.planted.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.planted.is_empty()
    }

    /// A source of choices that goes with the needles.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    fn plant(&mut self, kind: Kind, place: &str, core: impl Into<String>, forms: Vec<Form>) {
        self.index.add(self.planted.len(), forms);
        self.planted.push(Needle { kind, place: place.to_owned(), core: core.into() });
    }

    /// A text in hostile surroundings.
    pub fn text(&mut self, kind: Kind, place: &str) -> String {
        let core = self.core();
        let text = surroundings::around(&core, &mut self.random);
        self.plant_text(kind, place, &core, &text);
        text
    }

    /// A text without surroundings: 16 letters and digits.
    pub fn word(&mut self, kind: Kind, place: &str) -> String {
        let core = self.core();
        self.plant_text(kind, place, &core, &core);
        core
    }

    /// A text that begins and ends as asked, for patterns and formats.
    pub fn word_within(&mut self, kind: Kind, place: &str, before: &str, after: &str) -> String {
        let core = self.core();
        let text = format!("{before}{core}{after}");
        self.plant_text(kind, place, &core, &text);
        text
    }

    fn plant_text(&mut self, kind: Kind, place: &str, core: &str, text: &str) {
        let mut forms = encode::of_text(core);
        forms.extend(encode::of_digests(text.as_bytes()));
        forms.extend(encode::of_digests(Value::from(text).to_string().as_bytes()));
        if core != text {
            forms.extend(encode::of_digests(core.as_bytes()));
        }
        self.plant(kind, place, core, forms);
    }

    /// A whole number of 12 to 15 digits: fewer may stand between the letters of a hash by chance.
    pub fn integer(&mut self, kind: Kind, place: &str) -> i64 {
        let digits = 12 + self.random.below(4) as u32;
        self.integer_of(kind, place, digits, 1, 0)
    }

    /// A whole number of so many digits that leaves `rest` when divided by `divisor`.
    pub fn integer_of(
        &mut self,
        kind: Kind,
        place: &str,
        digits: u32,
        divisor: i64,
        rest: i64,
    ) -> i64 {
        let lowest = 4 * 10_i64.pow(digits - 1);
        let drawn = lowest + self.random.below(5 * 10_usize.pow(digits - 1)) as i64;
        let value = drawn - drawn % divisor + rest;
        let mut forms = encode::of_integer(value);
        forms.extend(encode::of_integer(-value));
        forms.extend(encode::of_digests(value.to_string().as_bytes()));
        self.plant(kind, place, value.to_string(), forms);
        value
    }

    /// A number with a fraction, of at least 12 digits.
    pub fn float(&mut self, kind: Kind, place: &str) -> f64 {
        let whole = 400_000 + self.random.below(500_000);
        let value =
            whole as f64 + (self.random.below(1 << 25) * 2 + 1) as f64 / (1_u64 << 26) as f64;
        let mut forms = encode::of_float(value);
        forms.extend(encode::of_digests(value.to_string().as_bytes()));
        self.plant(kind, place, value.to_string(), forms);
        value
    }

    /// Any JSON value that holds a needle.
    pub fn value(&mut self, kind: Kind, place: &str) -> Value {
        match self.random.below(5) {
            0 => self.integer(kind, place).into(),
            1 => Number::from_f64(self.float(kind, place)).map_or(Value::Null, Value::Number),
            2 => Value::from(vec![self.text(kind, place)]),
            3 => serde_json::json!({ self.text(kind, place): self.word(kind, place) }),
            _ => self.text(kind, place).into(),
        }
    }

    /// Whole arguments or a whole result: their plain digests must not appear.
    pub fn document(&mut self, kind: Kind, place: &str, document: &Value) {
        let mut forms = encode::of_digests(document.to_string().as_bytes());
        forms.extend(encode::of_digests(surroundings::python_json(document).as_bytes()));
        self.plant(kind, place, "(digest of the whole)", forms);
    }

    /// A text that counts as found only as a whole: the digits of an id.
    pub fn whole(&mut self, kind: Kind, place: &str, text: &str) {
        self.plant(kind, place, text, encode::of_bytes(text.as_bytes()));
    }

    /// A secret that is not made here, such as a key: as it is and in every encoding.
    pub fn secret(&mut self, kind: Kind, place: &str, secret: &[u8]) {
        self.plant_secret(kind, place, secret, encode::FRAGMENT);
    }

    /// A secret id that is written in hexadecimal digits, such as that of a session. Eight of them
    /// in a row may stand in any hash by chance.
    pub fn secret_id(&mut self, kind: Kind, place: &str, id: &str) {
        self.plant_secret(kind, place, id.as_bytes(), encode::FRAGMENT_OF_ID);
    }

    fn plant_secret(&mut self, kind: Kind, place: &str, secret: &[u8], fragment: usize) {
        let mut forms = encode::of_bytes(secret);
        forms.extend(secret.windows(fragment).map(|window| Form {
            encoding: "raw",
            bytes: window.to_vec(),
            beside: encode::Beside::Anything,
        }));
        forms.extend(encode::of_digests(secret));
        self.plant(kind, place, "(a secret)", forms);
    }

    /// 16 letters and digits. Every second one is no hexadecimal digit, so that no fragment of it
    /// can be part of an id or a hash.
    fn core(&mut self) -> String {
        const ANY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        const NO_HEX: &[u8] = b"GHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz";
        let symbol =
            |index: usize| *self.random.pick(if index.is_multiple_of(2) { NO_HEX } else { ANY });
        (0..16).map(symbol).map(char::from).collect()
    }
}
