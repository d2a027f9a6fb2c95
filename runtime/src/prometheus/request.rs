//! As much of HTTP/1.1 as a scrape needs: one request, one answer, and the connection ends.
//!
//! No body is read, no connection is kept and nothing of a request is ever repeated in an answer.

use std::io::{self, Read};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most bytes of a request's head. Prometheus sends a few hundred, browsers a few thousand.
const MAX_HEAD_BYTES: usize = 8_192;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The metrics.
    Metrics,
    /// The metrics without their text.
    Head,
    /// Something that has only a status.
    Other(&'static str),
}

/// Reads the head of a request, within a time, and finds out what it asks for.
pub(super) fn read(stream: &mut TcpStream, limit: Duration, is_local: bool) -> io::Result<Asked> {
    let deadline = Instant::now() + limit;
    let mut head = Vec::new();
    let mut chunk = [0; 1_024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Asked::Other("408 Request Timeout"));
        }
        stream.set_read_timeout(Some(left))?;
        let read = match stream.read(&mut chunk) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if is_over(&error) => continue,
            Err(error) => return Err(error),
        };
        head.extend_from_slice(&chunk[..read]);
        if let Some(end) = end_of_head(&head) {
            return Ok(judge(&head[..end], is_local));
        }
        if head.len() > MAX_HEAD_BYTES {
            return Ok(Asked::Other("431 Request Header Fields Too Large"));
        }
    }
}

/// Whether a read ended without data because of its time or a signal.
fn is_over(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn end_of_head(head: &[u8]) -> Option<usize> {
    head.windows(4).position(|four| four == b"\r\n\r\n")
}

fn judge(head: &[u8], is_local: bool) -> Asked {
    const MALFORMED: Asked = Asked::Other("400 Bad Request");
    let Ok(head) = std::str::from_utf8(head) else { return MALFORMED };
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let parts = (first.next(), first.next(), first.next(), first.next());
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) = parts else {
        return MALFORMED;
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return MALFORMED };
        // A page that a browser shows can reach the loopback device under a name of its own, and
        // then reads the answer: such a name is none of ours.
        if is_local && name.eq_ignore_ascii_case("host") && !is_loopback(value.trim()) {
            return Asked::Other("403 Forbidden");
        }
    }
    if target.split('?').next() != Some("/metrics") {
        return Asked::Other("404 Not Found");
    }
    match method {
        "GET" => Asked::Metrics,
        "HEAD" => Asked::Head,
        _ => Asked::Other("405 Method Not Allowed"),
    }
}

/// Whether a `host` header names the loopback device.
fn is_loopback(host: &str) -> bool {
    let without_port = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_address = |text: &str| text.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    without_port.eq_ignore_ascii_case("localhost") || is_address(without_port)
}

#[cfg(test)]
mod tests {
    //! What each head asks for.

    use super::{Asked, judge};

    #[test]
    fn only_well_formed_requests_for_the_metrics_are_answered() {
        let local = "host: 127.0.0.1:9464";
        for (line, host, expected) in [
            ("GET /metrics HTTP/1.1", local, Ok(Asked::Metrics)),
            ("GET /metrics?a=b HTTP/1.0", "Host: LOCALHOST", Ok(Asked::Metrics)),
            ("HEAD /metrics HTTP/1.1", "host: [::1]:1", Ok(Asked::Head)),
            ("POST /metrics HTTP/1.1", local, Err("405 Method Not Allowed")),
            ("GET / HTTP/1.1", local, Err("404 Not Found")),
            ("GET /metrics/ HTTP/1.1", local, Err("404 Not Found")),
            ("GET /metrics HTTP/1.1", "Host: evil.example:9464", Err("403 Forbidden")),
            ("GET /metrics HTTP/1.1", "Host: localhost.evil.example", Err("403 Forbidden")),
            ("GET /metrics HTTP/2.0", local, Err("400 Bad Request")),
            ("GET  /metrics HTTP/1.1", local, Err("400 Bad Request")),
            ("GET /metrics", local, Err("400 Bad Request")),
            ("GET /metrics HTTP/1.1", "no colon", Err("400 Bad Request")),
            ("", "", Err("400 Bad Request")),
        ] {
            let asked = judge(format!("{line}\r\n{host}").as_bytes(), true);
            let expected = expected.unwrap_or_else(Asked::Other);
            assert_eq!(asked, expected, "{line} {host}");
        }
        let elsewhere = b"GET /metrics HTTP/1.1\r\nhost: node.example:9464";
        assert_eq!(judge(elsewhere, false), Asked::Metrics, "an address that others may reach");
    }
}
