//! One request per transport, and those that look alike.

use http::Request;

use super::*;

const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[track_caller]
fn check(method: &str, uri: &str, headers: &[(&str, &str)], expected: Transport) {
    let mut extensions = Extensions::new();
    extensions.insert(parts(method, uri, headers));
    assert_eq!(told(&extensions), Some(expected), "{method} {uri} {headers:?}");
}

#[test]
fn streamable_http_is_any_other_request_over_http() {
    check("POST", "/mcp", &[BOTH], Transport::StreamableHttp);
    check("POST", "/mcp", &[BOTH, ("mcp-session-id", "abc")], Transport::StreamableHttp);
    check("POST", "/mcp", &[], Transport::StreamableHttp);
    check("POST", "/mcp?sessionId=1", &[BOTH], Transport::StreamableHttp);
    check("POST", "/mcp?sessionId=1", &[("mcp-session-id", "a")], Transport::StreamableHttp);
    check("POST", "/mcp?sessionId=", &[], Transport::StreamableHttp);
    check("POST", "/mcp?mysessionId=1", &[], Transport::StreamableHttp);
    check("POST", "/mcp", &[("upgrade", "h2c")], Transport::StreamableHttp);
    let stream = [("accept", "text/event-stream"), ("mcp-session-id", "abc")];
    check("GET", "/mcp", &stream, Transport::StreamableHttp);
    check("DELETE", "/mcp?sessionId=1", &[], Transport::StreamableHttp);
}

#[test]
fn a_websocket_asks_for_the_upgrade() {
    check("GET", "/ws", &[("upgrade", "websocket")], Transport::Websocket);
    check("GET", "/ws", &[("Upgrade", "h2c, WebSocket")], Transport::Websocket);
    check("CONNECT", "/ws", &[("sec-websocket-version", "13")], Transport::Websocket);
    check("CONNECT", "/ws", &[], Transport::StreamableHttp);
}

#[test]
fn the_transport_of_2024_11_05_is_told_by_its_address_or_its_stream() {
    for name in ["sessionId", "session_id"] {
        let uri = format!("/messages?x=1&{name}=abc");
        check("POST", &uri, &[("content-type", "application/json")], Transport::Sse);
        check("POST", &uri, &[("accept", "*/*")], Transport::Sse);
        check("POST", &uri, &[("accept", "application/json")], Transport::Sse);
    }
    check("GET", "/sse", &[("accept", "Text/Event-Stream;q=1")], Transport::Sse);
    check("GET", "/sse", &[("accept", "text/html")], Transport::StreamableHttp);
}

#[test]
fn a_transport_that_says_what_it_is_has_the_first_word() {
    let mut extensions = Extensions::new();
    assert_eq!(told(&extensions), None);
    let mut parts = parts("POST", "/mcp", &[BOTH]);
    parts.extensions.insert(Transport::Sse);
    extensions.insert(parts);
    assert_eq!(told(&extensions), Some(Transport::Sse));
    extensions.insert(Transport::InProcess);
    assert_eq!(told(&extensions), Some(Transport::InProcess));
}

#[test]
fn versions_of_http_have_names_from_1_0_on() {
    for (version, expect) in [
        (Version::HTTP_09, None),
        (Version::HTTP_10, Some("1.0")),
        (Version::HTTP_11, Some("1.1")),
        (Version::HTTP_2, Some("2")),
        (Version::HTTP_3, Some("3")),
    ] {
        let mut parts = parts("POST", "/mcp", &[BOTH]);
        parts.version = version;
        assert_eq!(http_version(&parts).map(HttpVersion::as_str), expect);
    }
}
