//! Reads the reply of an ingest service, as far as it is safe to.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::lenient::Member;
use super::{Ack, Quota, QuotaStatus, SendError, retry_after, rfc3339};

/// What a status other than success says. Of several `Retry-After` headers the longest counts: who
/// comes back later than some of them asked for breaks none.
pub(crate) fn refusal(status: u16, headers: &HeaderMap, now: SystemTime) -> SendError {
    let error = SendError::status(status);
    let values = headers.get_all(RETRY_AFTER).iter().filter_map(|value| value.to_str().ok());
    match values.filter_map(|value| retry_after::parse(value, now)).max() {
        Some(after) => error.with_retry_after(after),
        None => error,
    }
}

/// Reads `{accepted, rejected, quota}`. Anything else is a plain yes: the status said it already.
pub(crate) fn parse(body: &[u8], sent: u64) -> Ack {
    let Ok(reply) = serde_json::from_slice::<Member>(body) else {
        return Ack::all();
    };
    let accepted = reply.get("accepted").and_then(Member::number);
    let rejected = match (reply.get("rejected").and_then(Member::count), accepted) {
        (Some(rejected), _) => rejected,
        (None, Some(accepted)) => sent.saturating_sub(accepted),
        (None, None) => 0,
    };
    let ack = Ack::all().with_rejected(rejected.min(sent));
    match reply.get("quota").and_then(quota) {
        Some(quota) => ack.with_quota(quota),
        None => ack,
    }
}

fn quota(member: &Member) -> Option<Quota> {
    let status = member.get("status")?.text().and_then(QuotaStatus::parse)?;
    let mut quota = Quota::new(status);
    if let Some(limit) = member.get("limit").and_then(Member::number) {
        quota = quota.with_limit(limit);
    }
    if let Some(remaining) = member.get("remaining").and_then(Member::number) {
        quota = quota.with_remaining(remaining);
    }
    match member.get("reset").and_then(reset) {
        Some(reset) => Some(quota.with_reset(reset)),
        None => Some(quota),
    }
}

/// The same from headers, where all is text. The status has to be one that is known.
pub(super) fn quota_of_texts(
    status: &str,
    limit: Option<&str>,
    remaining: Option<&str>,
    reset: Option<&str>,
) -> Option<Quota> {
    let member = |text: &str| match text.trim().parse() {
        Ok(number) => Member::Number(number),
        Err(_) => Member::Text(text.trim().to_owned()),
    };
    let members = [("limit", limit), ("remaining", remaining), ("reset", reset)];
    let members = members.into_iter().filter_map(|(name, text)| Some((name, member(text?))));
    let status = ("status", Member::Text(status.trim().to_owned()));
    quota(&Member::Object(members.chain([status]).collect()))
}

/// Seconds or milliseconds since the epoch, an HTTP date, or an RFC 3339 time in UTC.
fn reset(member: &Member) -> Option<SystemTime> {
    if let Some(number) = member.number() {
        // Seconds reach this value in the year 5138; milliseconds did in 1973.
        let millis = if number < 100_000_000_000 { number.checked_mul(1000)? } else { number };
        return UNIX_EPOCH.checked_add(Duration::from_millis(millis));
    }
    let text = member.text()?;
    let rfc3339 = || UNIX_EPOCH.checked_add(Duration::from_nanos(rfc3339::parse_nanos(text)?));
    httpdate::parse_http_date(text).ok().or_else(rfc3339)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_counted_in_every_form_and_never_exceed_the_batch() {
        for (body, rejected) in [
            (r#"{"accepted":5,"rejected":2}"#, 2),
            (r#"{"accepted":5}"#, 5),
            (r#"{"rejected":[{"event_id":"x"}]}"#, 1),
            (r#"{"rejected":99}"#, 10),
            (r#"{"rejected":-1}"#, 0),
            (r#"{"rejected":-1,"accepted":4}"#, 6),
            (r#"{"rejected":null,"accepted":10}"#, 0),
            (r#"{"rejected":1.5,"accepted":"4"}"#, 0),
            (r#"{"rejected":{},"accepted":{"rejected":9}}"#, 0),
            (r#"{"rejected":1,"rejected":3}"#, 3),
            (r#"{"errors":[[{"rejected":9}]],"rejected":2}"#, 2),
            ("[]", 0),
            ("null", 0),
            ("not json", 0),
            ("", 0),
        ] {
            assert_eq!(parse(body.as_bytes(), 10).rejected(), rejected, "{body}");
        }
    }

    #[test]
    fn the_reset_is_read_in_every_form() {
        let expect = UNIX_EPOCH + Duration::from_secs(1_794_000_000);
        for reset in [
            "1794000000",
            "1794000000000",
            "\"2026-11-06T21:20:00Z\"",
            "\"2026-11-06T21:20:00+00:00\"",
            "\"Fri, 06 Nov 2026 21:20:00 GMT\"",
        ] {
            let body = format!(
                r#"{{"quota":{{"limit":9,"remaining":0,"status":"hard_limit","reset":{reset}}}}}"#
            );
            let ack = parse(body.as_bytes(), 1);
            let quota = ack.quota().unwrap();
            assert_eq!(
                (quota.status(), quota.reset()),
                (QuotaStatus::HardLimit, Some(expect)),
                "{reset}"
            );
        }
    }

    #[test]
    fn an_unknown_status_is_no_quota() {
        assert_eq!(parse(br#"{"quota":{"status":"purple"}}"#, 1).quota(), None);
    }
}
