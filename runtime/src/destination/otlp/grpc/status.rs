//! The status of a call, and what OTLP says to do after it.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::HeaderMap;

use crate::destination::SendError;
use crate::destination::otlp::protobuf::{Field, Fields};

/// Binary headers may end with padding or without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const RETRY_INFO: &[u8] = b"google.rpc.RetryInfo";

/// A status other than OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(u16);

impl Code {
    const CANCELLED: Self = Self(1);
    pub(super) const UNKNOWN: Self = Self(2);
    const DEADLINE_EXCEEDED: Self = Self(4);
    pub(super) const RESOURCE_EXHAUSTED: Self = Self(8);
    const ABORTED: Self = Self(10);
    const OUT_OF_RANGE: Self = Self(11);
    const UNAVAILABLE: Self = Self(14);
    const DATA_LOSS: Self = Self(15);
    const LAST: Self = Self(16);

    /// What a status and the server's word on sending again come to: OTLP 1.9, "OTLP/gRPC
    /// Response", names seven codes after which a message may be sent again, of them
    /// RESOURCE_EXHAUSTED only with that word.
    pub(super) fn error(self, again: Option<Again>) -> SendError {
        let may_be_sent_again = match self {
            Self::CANCELLED
            | Self::DEADLINE_EXCEEDED
            | Self::ABORTED
            | Self::OUT_OF_RANGE
            | Self::UNAVAILABLE
            | Self::DATA_LOSS => true,
            Self::RESOURCE_EXHAUSTED => again.is_some(),
            _ => false,
        };
        let error = SendError::grpc(self.0, !may_be_sent_again);
        match again.and_then(|again| again.delay) {
            Some(delay) if may_be_sent_again => error.with_retry_after(delay),
            _ => error,
        }
    }
}

/// `google.rpc.RetryInfo`: the message may be sent again, after a while when there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    delay: Option<Duration>,
}

/// The status that headers or trailers tell; `None` when they tell none. The text beside it, the
/// collector's own, is not read.
pub(super) fn of(headers: &HeaderMap) -> Option<Result<(), SendError>> {
    let status = headers.get("grpc-status")?;
    let code = status.to_str().ok().and_then(|text| text.trim().parse().ok());
    let code = match code {
        Some(0) => return Some(Ok(())),
        Some(code) if code <= Code::LAST.0 => Code(code),
        _ => Code::UNKNOWN,
    };
    let details = headers.get("grpc-status-details-bin");
    let details = details.and_then(|text| BASE64.decode(text.as_bytes()).ok()).unwrap_or_default();
    Some(Err(code.error(again(&details))))
}

/// Finds the word on sending again among the details of a `google.rpc.Status`.
fn again(status: &[u8]) -> Option<Again> {
    const DETAILS: u64 = 3;
    Fields(status).find_map(|field| match field {
        (DETAILS, Field::Bytes(any)) => {
            let name = bytes(any, 1)?;
            let is_it = name.rsplit(|byte| *byte == b'/').next() == Some(RETRY_INFO);
            is_it.then(|| Again { delay: bytes(any, 2).and_then(|info| delay(bytes(info, 1)?)) })
        }
        _ => None,
    })
}

/// A `google.protobuf.Duration`, unless it is negative or no duration at all.
fn delay(duration: &[u8]) -> Option<Duration> {
    let number = |field| {
        let found = Fields(duration).find_map(|(of, value)| match value {
            Field::Number(number) if of == field => Some(number),
            _ => None,
        });
        found.unwrap_or_default()
    };
    let seconds = u64::try_from(number(1).cast_signed()).ok()?;
    let nanos = u32::try_from(number(2)).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(seconds, nanos))
}

fn bytes(message: &[u8], field: u64) -> Option<&[u8]> {
    Fields(message).find_map(|(of, value)| match value {
        Field::Bytes(bytes) if of == field => Some(bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::otlp::protobuf::Message;

    /// The details of a status with another one before.
    fn details(name: &str, write_info: impl FnOnce(&mut Message)) -> Vec<u8> {
        let mut status = Message::default();
        status.varint(1, 8);
        status.text(2, "slow down");
        status.message(3, |any| any.text(1, "type.googleapis.com/google.rpc.DebugInfo"));
        status.message(3, |any| {
            any.text(1, name);
            any.message(2, write_info);
        });
        status.into_bytes()
    }

    fn after(seconds: i64, nanos: i64) -> Vec<u8> {
        details("type.googleapis.com/google.rpc.RetryInfo", |info| {
            info.message(1, |duration| {
                duration.int64(1, seconds);
                duration.int64(2, nanos);
            });
        })
    }

    fn told(code: &str, details: Option<&[u8]>) -> SendError {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", code.parse().unwrap());
        if let Some(details) = details {
            headers.insert("grpc-status-details-bin", BASE64.encode(details).parse().unwrap());
        }
        of(&headers).unwrap().unwrap_err()
    }

    #[test]
    fn seven_codes_may_be_sent_again_and_one_of_them_only_when_the_server_says_so() {
        for code in 1..=16 {
            let is_final = !matches!(code, 1 | 4 | 10 | 11 | 14 | 15);
            let error = told(&code.to_string(), None);
            assert_eq!(
                (error.grpc_status(), error.is_rejected()),
                (Some(code), is_final),
                "{code}"
            );
            let error = told(&code.to_string(), Some(&after(2, 0)));
            assert_eq!(error.is_rejected(), is_final && code != 8, "{code}");
            let wait = (!is_final || code == 8).then_some(Duration::from_secs(2));
            assert_eq!(error.retry_after(), wait, "{code}");
        }
    }

    #[test]
    fn a_code_that_is_none_is_unknown_and_zero_is_ok() {
        for nonsense in ["17", "-1", "999999999999", "ok", "", "1.0"] {
            let error = told(nonsense, None);
            assert_eq!((error.grpc_status(), error.is_rejected()), (Some(2), true), "{nonsense}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(of(&headers), None);
        headers.insert("grpc-status", " 0".parse().unwrap());
        assert_eq!(of(&headers), Some(Ok(())));
    }

    #[test]
    fn the_delay_is_read_in_every_form() {
        let none = details("google.rpc.RetryInfo", |_| {});
        for (details, delay) in [
            (after(1, 500_000_000), Some(Duration::from_millis(1500))),
            (after(0, 0), Some(Duration::ZERO)),
            (after(i64::MAX, 0), Some(Duration::from_secs(i64::MAX as u64))),
            (after(-1, 0), None),
            (after(0, -1), None),
            (after(0, 1_000_000_000), None),
            (none, None),
        ] {
            assert_eq!(again(&details), Some(Again { delay }), "{details:?}");
        }
    }

    #[test]
    fn other_details_and_nonsense_say_nothing() {
        for other in ["type.googleapis.com/google.rpc.QuotaFailure", "x.google.rpc.RetryInfo", ""] {
            assert_eq!(again(&details(other, |_| {})), None, "{other}");
        }
        for nonsense in [&[][..], &[0xff; 40], &[0x1a, 0x7f], b"details"] {
            assert_eq!(again(nonsense), None);
        }
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", "8".parse().unwrap());
        headers.insert("grpc-status-details-bin", "*not base64*".parse().unwrap());
        assert_eq!(of(&headers), Some(Err(SendError::grpc(8, true))));
        // As a server that leaves the padding out writes it.
        let unpadded = BASE64.encode(after(3, 0));
        headers.insert("grpc-status-details-bin", unpadded.trim_end_matches('=').parse().unwrap());
        let wait = SendError::grpc(8, false).with_retry_after(Duration::from_secs(3));
        assert_eq!(of(&headers), Some(Err(wait)));
    }
}
