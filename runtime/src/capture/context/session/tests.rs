//! Each source of a session by itself; their order over real connections is in the suites.

use super::*;
use crate::capture::hash::InstallKey;

fn install() -> Hasher {
    Hasher::for_install(&InstallKey::from_bytes([7; 32]))
}

#[test]
fn e4_a_session_is_the_hash_of_its_header_or_the_process() {
    let install = install();
    let mut headers = HeaderMap::new();
    assert_eq!(of_header(None, &install), None);
    assert_eq!(of_header(Some(&headers), &install), None);
    assert_eq!(of_connection(Some(&headers), Transport::Stdio), None);
    headers.insert(SESSION_HEADER, "abc".parse().unwrap());
    let found = of_header(Some(&headers), &install).unwrap();
    assert_eq!(found.value, install.text("session", "abc"));
    assert_eq!((found.source, found.confidence), (SessionSource::HttpHeader, Confidence::High));
    let of_process = of_connection(None, Transport::Stdio).unwrap();
    assert_eq!(
        (of_process.source, of_process.confidence),
        (SessionSource::Process, Confidence::High)
    );
    assert_eq!(Some(of_process), of_connection(None, Transport::Stdio));
    for other in [Transport::Unknown, Transport::InProcess, Transport::Websocket] {
        assert_eq!(of_connection(None, other), None);
    }
}

#[test]
fn e5_a_trace_is_a_session_only_when_the_caller_has_told_it() {
    let install = install();
    let trace = Trace { trace_id: [1; 16], span_id: [2; 8], ..Trace::fresh() };
    assert_eq!(of_trace(&trace, &install), None);
    let found = of_trace(&Trace { parent_span_id: Some([3; 8]), ..trace }, &install).unwrap();
    assert_eq!((found.source, found.confidence), (SessionSource::Trace, Confidence::Medium));
    assert_ne!(found.value, u64::from_be_bytes([1; 8]));
}
