//! The W3C trace context of a request.

use http::HeaderMap;
use rmcp::model::MetaObject;

use crate::event::{Link, Trace, unique};
use crate::semconv::TRACEPARENT;

/// The flag that the caller records its trace. The others say nothing that is needed here.
const SAMPLED: u8 = 1;

/// The trace that a request belongs to: by its `_meta`, else by its header, else a new one. Where
/// both tell one, that of the header is a link, as the OpenTelemetry conventions for MCP ask.
pub(super) fn read(meta: &MetaObject, headers: Option<&HeaderMap>) -> Trace {
    let in_meta = meta.get_traceparent().and_then(parent);
    let in_header =
        headers.and_then(|headers| headers.get(TRACEPARENT)?.to_str().ok()).and_then(parent);
    let Some(Link { trace_id, span_id: parent, is_sampled }) = in_meta.or(in_header) else {
        return Trace::fresh();
    };
    let span_id = (unique() | 1).to_be_bytes();
    let is_other = |header: &Link| (header.trace_id, header.span_id) != (trace_id, parent);
    let link = in_header.filter(is_other);
    Trace { trace_id, span_id, parent_span_id: Some(parent), is_sampled, link }
}

/// The trace, the span and the sampled flag of a W3C `traceparent`, read as strictly as the standard
/// asks.
pub(crate) fn parent(text: &str) -> Option<Link> {
    let bytes = text.as_bytes();
    let field = |from: usize, until: usize| bytes.get(from..until);
    let [version] = hex(field(0, 2)?)?;
    let is_separated = [2, 35, 52].iter().all(|at| bytes.get(*at) == Some(&b'-'));
    let ends_well = match bytes.get(55) {
        None => true,
        // Later versions may add fields; version 0 may not.
        Some(next) => version != 0 && *next == b'-',
    };
    let (trace_id, parent): ([u8; 16], [u8; 8]) = (hex(field(3, 35)?)?, hex(field(36, 52)?)?);
    let [flags]: [u8; 1] = hex(field(53, 55)?)?;
    let is_valid = version != 0xff && is_separated && ends_well;
    let is_valid = is_valid && trace_id != [0; 16] && parent != [0; 8];
    is_valid.then_some(Link { trace_id, span_id: parent, is_sampled: flags & SAMPLED != 0 })
}

/// Lower-case hexadecimal digits, exactly as many as fill the array.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    (digits.len() == 2 * N).then_some(bytes)
}

#[cfg(test)]
mod tests;
