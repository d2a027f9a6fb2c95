//! One event as one span of OTLP.

use super::attribute::KeyValues;
use super::protobuf::Message;
use crate::destination::rfc3339;
use crate::telemetry::{Description, Node};

const KIND_INTERNAL: u64 = 1;
const KIND_SERVER: u64 = 2;
const STATUS_ERROR: u64 = 2;
/// Whether the parent is of another process is known.
const FLAGS: u32 = 0x100;
/// The trace is sampled.
const SAMPLED: u32 = 0x01;
/// It is.
const PARENT_IS_REMOTE: u32 = 0x200;

/// An event with all that a span cannot do without.
pub(super) struct Span<'a> {
    event: &'a Node<'a>,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    parent: Option<[u8; 8]>,
    start_ns: u64,
    end_ns: u64,
    described: Description<'a>,
}

impl<'a> Span<'a> {
    /// `None` when the event is damaged.
    pub(super) fn read(event: &'a Node<'a>) -> Option<Self> {
        let parent = event["parent_span_id"].as_str();
        let start_ns = rfc3339::parse_nanos(event["started_at"].as_str()?)?;
        // Six decimals of a millisecond are exact in an f64 for 104 days.
        let duration_ns = (event["duration_ms"].as_f64()?.max(0.0) * 1e6).round() as u64;
        Some(Self {
            event,
            trace_id: hex(event["trace_id"].as_str()?)?,
            span_id: hex(event["span_id"].as_str()?)?,
            parent: parent.and_then(hex),
            start_ns,
            end_ns: start_ns.saturating_add(duration_ns),
            described: Description::read(event)?,
        })
    }

    /// Writes the span.
    pub(super) fn write(&self, span: &mut Message) {
        span.bytes(1, &self.trace_id);
        span.bytes(2, &self.span_id);
        if let Some(parent) = self.parent {
            span.bytes(4, &parent);
        }
        span.text(5, &self.described.name());
        span.varint(6, if self.described.is_server() { KIND_SERVER } else { KIND_INTERNAL });
        span.fixed64(7, self.start_ns);
        span.fixed64(8, self.end_ns);
        self.attributes(&mut KeyValues::new(span, 9));
        self.link(span);
        if self.described.error_type().is_some() {
            // Without a description: that of the conventions is the error's text.
            span.message(15, |status| status.varint(3, STATUS_ERROR));
        }
        let is_remote = self.described.is_server() && self.parent.is_some();
        let remote = if is_remote { PARENT_IS_REMOTE } else { 0 };
        let sampled = sampled(&self.event["attributes"]["trace_sampled"]);
        span.fixed32(16, FLAGS | remote | sampled);
    }

    fn attributes(&self, to: &mut KeyValues<'_>) {
        self.described.attributes(to);
        #[cfg(feature = "planted-leaks")]
        if let Some(text) = crate::testing::leak::of_span() {
            crate::telemetry::Attributes::text(to, "leak", &text);
        }
    }

    fn link(&self, span: &mut Message) {
        let context = &self.event["attributes"]["link"];
        let id = |name: &str| context[name].as_str();
        let trace_id: Option<[u8; 16]> = id("trace_id").and_then(hex);
        let span_id: Option<[u8; 8]> = id("span_id").and_then(hex);
        if let (Some(trace_id), Some(span_id)) = (trace_id, span_id) {
            span.message(13, |link| {
                link.bytes(1, &trace_id);
                link.bytes(2, &span_id);
                link.fixed32(6, FLAGS | PARENT_IS_REMOTE | sampled(&context["sampled"]));
            });
        }
    }
}

/// The flag, by a member that is there when it is not set.
fn sampled(member: &Node<'_>) -> u32 {
    if member.as_bool() == Some(false) { 0 } else { SAMPLED }
}

/// As many hexadecimal digits as fill the array, not all zero.
fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    (digits.len() == 2 * N && bytes != [0; N]).then_some(bytes)
}

#[cfg(test)]
mod tests;
