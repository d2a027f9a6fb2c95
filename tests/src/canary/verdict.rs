//! Searches the sinks, and knows the few places where a needle may be.

use std::collections::BTreeSet;

use super::encode::FRAGMENT;
use super::needle::{Kind, Needles};
use super::search::Hit;
use super::sinks::{Sink, Sinks};

/// How an attribute of a span begins.
macro_rules! otlp {
    ($name:literal) => {
        concat!("\"key\":\"", $name, "\",\"value\":{\"stringValue\":\"")
    };
}

/// What may be where: the bytes before the place, what ends it, and the only kind it may hold.
const EXCEPTIONS: [(&str, u8, Kind); 23] = [
    ("\"intent\":{\"text\":\"", b'"', Kind::Intent),
    ("\"user_intent\":\"", b'"', Kind::Intent),
    ("\"client_name\":\"", b'"', Kind::Label),
    ("\"client_version\":\"", b'"', Kind::Label),
    ("\"mcp_protocol_version\":\"", b'"', Kind::Label),
    ("\"identity\":{\"label\":\"", b'"', Kind::Identity),
    ("\"identity\":\"", b'"', Kind::Identity),
    ("\"intent.text\":\"", b'"', Kind::Intent),
    ("\"identity.label\":\"", b'"', Kind::Identity),
    ("\"link.trace_id\":\"", b'"', Kind::Trace),
    ("\"link.span_id\":\"", b'"', Kind::Trace),
    ("\"trace_id\":\"", b'"', Kind::Trace),
    ("\"parent_span_id\":\"", b'"', Kind::Trace),
    ("authorization: Bearer ", b'\r', Kind::ApiKey),
    (otlp!("toolwatch.intent.text"), b'"', Kind::Intent),
    (otlp!("toolwatch.client_name"), b'"', Kind::Label),
    (otlp!("toolwatch.client_version"), b'"', Kind::Label),
    (otlp!("mcp.protocol.version"), b'"', Kind::Label),
    (otlp!("toolwatch.identity.label"), b'"', Kind::Identity),
    ("\"span_id\":\"", b'"', Kind::Trace),
    ("\"traceId\":\"", b'"', Kind::Trace),
    ("\"spanId\":\"", b'"', Kind::Trace),
    ("\"parentSpanId\":\"", b'"', Kind::Trace),
];

/// What a reader of the local record is shown.
const SHOWN: [Kind; 4] = [Kind::Intent, Kind::Label, Kind::Identity, Kind::Trace];

/// The most characters of a label.
const MAX_LABEL_CHARS: usize = 64;

/// What the search says.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Each leak in one line: what, in which encoding, where.
    pub leaks: BTreeSet<String>,
    /// How many excepted places held the needle that they may hold, by kind.
    pub excepted: Vec<Kind>,
}

/// Searches everything.
pub fn judge(needles: &Needles, sinks: &Sinks) -> Verdict {
    let mut verdict = Verdict::default();
    for sink in &sinks.0 {
        let mut rest = sink.bytes.clone();
        for (before, end, kind) in EXCEPTIONS {
            for place in cut_out(&mut rest, before.as_bytes(), end) {
                verdict.judge_exception(needles, sink, &place, kind);
            }
        }
        verdict.judge_bytes(needles, sink, &rest, None);
    }
    verdict
}

impl Verdict {
    fn judge_exception(&mut self, needles: &Needles, sink: &Sink, place: &[u8], kind: Kind) {
        if matches!(kind, Kind::Label | Kind::Identity) && !is_clean_label(place) {
            let label = String::from_utf8_lossy(place);
            self.leaks.insert(format!("a label that was not cleaned: {label:?} in {}", sink.name));
        }
        self.judge_bytes(needles, sink, place, Some(kind));
    }

    fn judge_bytes(&mut self, needles: &Needles, sink: &Sink, bytes: &[u8], allowed: Option<Kind>) {
        let hits = needles.index().search(bytes);
        let is_base64 = sink.name.ends_with(", checkpoints");
        for hit in hits.iter().filter(|hit| !(is_base64 && is_alone(hit, &hits))) {
            let needle = needles.get(hit.needle);
            let is_shown = sink.is_shown && SHOWN.contains(&needle.kind);
            if is_shown || Some(needle.kind) == allowed {
                self.excepted.push(needle.kind);
            } else if !(sink.is_key_file && needle.kind == Kind::InstallKey) {
                self.leaks.insert(format!("{needle}, {}, in {}", hit.encoding, sink.name));
            }
        }
    }
}

/// Whether it is the shortest fragment of a text, and none stands beside it. So many characters may
/// stand in a signature by chance, one more may not.
fn is_alone(hit: &Hit, hits: &[Hit]) -> bool {
    let is_text = ["raw", "lower case", "upper case", "reversed"].contains(&hit.encoding);
    let is_beside =
        |other: &Hit| other.needle == hit.needle && other.offset.abs_diff(hit.offset) == 1;
    is_text && hit.len == FRAGMENT && !hits.iter().any(is_beside)
}

/// Takes what stands between `before` and an unescaped `end` out of the bytes.
fn cut_out(bytes: &mut Vec<u8>, before: &[u8], end: u8) -> Vec<Vec<u8>> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(at) = find(&bytes[from..], before) {
        let start = from + at + before.len();
        let mut stop = start;
        while stop < bytes.len() && bytes[stop] != end {
            stop += if bytes[stop] == b'\\' { 2 } else { 1 };
        }
        places.push(bytes.drain(start..stop.min(bytes.len())).collect());
        from = start;
    }
    places
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The documented alphabet and length of a label.
fn is_clean_label(label: &[u8]) -> bool {
    let clean = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/+@ ".contains(byte);
    label.len() <= MAX_LABEL_CHARS && label.iter().all(clean)
}
