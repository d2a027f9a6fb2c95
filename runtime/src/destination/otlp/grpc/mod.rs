//! OTLP over gRPC: one unary call per message, by reqwest's HTTP/2 (docs/adr/008).
//!
//! What gRPC adds to HTTP/2 is small: a path per method, five bytes before each message, and a
//! status in the trailers (`PROTOCOL-HTTP2.md` of gRPC).

mod reply;
mod status;

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};

use super::variables::Signal;
use crate::destination::SendError;
use crate::destination::channel::Channel;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The method that takes the messages of a signal.
pub(super) const fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// Adds what every call has, but for its encoding.
pub(super) fn add_headers(headers: &mut HeaderMap, timeout: Duration) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Ok(timeout) = HeaderValue::try_from(timeout_text(timeout)) {
        headers.insert(TIMEOUT, timeout);
    }
}

/// At most eight digits and a unit.
fn timeout_text(timeout: Duration) -> String {
    const MOST: u64 = 99_999_999;
    match timeout.as_millis() {
        millis if millis <= u128::from(MOST) => format!("{}m", millis.max(1)),
        _ => format!("{}S", timeout.as_secs().min(MOST)),
    }
}

/// Calls the method of the channel's URL with a message, and returns the message of the reply.
pub(super) async fn call(
    channel: &Channel,
    mut headers: HeaderMap,
    message: &[u8],
) -> Result<Vec<u8>, SendError> {
    // What happened to an idle connection since the last call is heard now: nobody listened.
    tokio::task::yield_now().await;
    let body = match channel.compress(message) {
        Some(compressed) => {
            headers.insert(ENCODING, HeaderValue::from_static("gzip"));
            framed(1, &compressed)
        }
        None => framed(0, message),
    };
    #[cfg(feature = "planted-leaks")]
    if let Some(text) = crate::testing::leak::of_metadata() {
        headers.insert("x-last-value", text);
    }
    reply::read(channel.post_as_it_is(headers, body?).await?).await
}

/// A message behind its prefix: whether it is compressed, and its length.
fn framed(flag: u8, message: &[u8]) -> Result<Vec<u8>, SendError> {
    let len = u32::try_from(message.len()).map_err(|_| SendError::encode())?;
    let mut body = Vec::with_capacity(reply::PREFIX_BYTES + message.len());
    body.push(flag);
    body.extend_from_slice(&len.to_be_bytes());
    body.extend_from_slice(message);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        for (timeout, expect) in [
            (Duration::from_micros(1), "1m"),
            (Duration::from_secs(10), "10000m"),
            (Duration::from_secs(99_999), "99999000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(timeout_text(timeout), expect);
        }
    }

    #[test]
    fn a_message_stands_behind_its_flag_and_length() {
        assert_eq!(framed(1, &[7; 258]).unwrap()[..6], [1, 0, 0, 1, 2, 7]);
        assert_eq!(framed(0, &[]).unwrap(), [0; 5]);
    }
}
