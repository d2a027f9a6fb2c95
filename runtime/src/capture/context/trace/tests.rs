//! Strict trace context.

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "00f067aa0ba902b7";

#[test]
fn a_traceparent_is_read_as_strictly_as_the_standard_asks() {
    let good = format!("00-{TRACE}-{SPAN}-01");
    let Link { trace_id: trace, span_id: span, is_sampled } = parent(&good).unwrap();
    assert!(is_sampled);
    for (flags, is_sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
        let link = parent(&format!("00-{TRACE}-{SPAN}-{flags}")).unwrap();
        assert_eq!(link.is_sampled, is_sampled, "{flags}");
    }
    assert_eq!((trace[0], trace[15], span[0], span[7]), (0x0a, 0x9c, 0x00, 0xb7));
    assert!(parent(&format!("01-{TRACE}-{SPAN}-01-more")).is_some());
    for bad in [
        String::new(),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("01-{TRACE}-{SPAN}-01more"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00_{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-0"),
        format!("00-{TRACE}-{SPAN}-0g"),
        format!("00-{TRACE}-{SPAN}"),
        format!(" 00-{TRACE}-{SPAN}-01"),
        "\u{e9}".repeat(28),
    ] {
        assert_eq!(parent(&bad), None, "{bad}");
    }
}

#[test]
fn a_trace_comes_from_meta_then_from_the_header_and_else_is_new() {
    let mut headers = HeaderMap::new();
    let other = TRACE.replace('a', "b");
    headers.insert(TRACEPARENT, format!("00-{other}-{SPAN}-01").parse().unwrap());
    let mut meta = MetaObject::new();
    let (first, second) = (read(&meta, None), read(&meta, None));
    assert!(first.parent_span_id.is_none() && first.trace_id != second.trace_id);
    let from_header = read(&meta, Some(&headers));
    assert_eq!(from_header.trace_id[0], 0x0b);
    meta.set_traceparent(format!("00-{TRACE}-{SPAN}-01"));
    let from_meta = read(&meta, Some(&headers));
    assert_eq!((from_meta.trace_id[0], from_meta.parent_span_id.map(|p| p[7])), (0x0a, Some(0xb7)));
    assert_ne!(from_meta.span_id, from_header.span_id);
    assert_eq!((from_header.link, from_meta.link.map(|link| link.trace_id[0])), (None, Some(0x0b)));
    let mut same = HeaderMap::new();
    same.insert(TRACEPARENT, format!("00-{TRACE}-{SPAN}-00").parse().unwrap());
    assert_eq!(read(&meta, Some(&same)).link, None, "one context is no link to itself");
    meta.set_traceparent("00-broken");
    assert_eq!(read(&meta, Some(&headers)).trace_id[0], 0x0b);
}
