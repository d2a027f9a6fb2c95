//! Readers of what a service answers.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use crate::destination::{reply as replies, retry_after as header};
use crate::sender::QuotaStatus;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
}

/// A `Retry-After` header of arbitrary text, alone and beside a second one.
///
/// Holds: whole seconds are read as they are, a sign or nothing asks for nothing, and of two headers
/// the longer wait counts.
pub(super) fn retry_after(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let parsed = header::parse(&text, now());
    let trimmed = text.trim();
    if let Ok(seconds) = trimmed.parse::<u64>()
        && !trimmed.starts_with('+')
    {
        assert_eq!(parsed, Some(Duration::from_secs(seconds)));
    }
    if trimmed.is_empty() || trimmed.starts_with(['-', '+']) {
        assert_eq!(parsed, None);
    }
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut headers = HeaderMap::new();
    headers.append(RETRY_AFTER, value);
    headers.append(RETRY_AFTER, HeaderValue::from_static("5"));
    let asked = replies::refusal(503, &headers, now()).retry_after();
    assert!(asked >= Some(Duration::from_secs(5)), "{asked:?}");
}

/// A reply of arbitrary bytes to a batch whose size the first byte says.
///
/// Holds: never more events are rejected than were sent; a reply that is not JSON is a plain yes.
pub(super) fn reply(data: &[u8]) {
    let Some((&sent, body)) = data.split_first() else { return };
    let ack = replies::parse(body, sent.into());
    assert!(ack.rejected() <= sent.into());
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let Some(json) = json else { return };
    if !json.is_object() {
        assert!(ack.rejected() == 0 && ack.quota().is_none());
    }
    if let Some(quota) = ack.quota() {
        let known = json["quota"]["status"].as_str().and_then(QuotaStatus::parse);
        assert_eq!(known, Some(quota.status()));
        assert_eq!(json["quota"]["limit"].as_u64(), quota.limit());
    }
}
