//! Reads the reply to a call, as far as it is of use and no further.

use std::future::poll_fn;
use std::pin::Pin;

use http_body::Body as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Response};

use super::status::{self, Code};
use crate::destination::SendError;
use crate::destination::channel::{MAX_REPLY_BYTES, transport};
use crate::destination::otlp::post::refusal;

/// Whether a message is compressed, and its length.
pub(super) const PREFIX_BYTES: usize = 5;
/// What libraries of gRPC take when nobody sets another bound; a longer reply is broken off.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The message of a reply with the status OK; an empty one when it is compressed or long.
pub(super) async fn read(response: Response) -> Result<Vec<u8>, SendError> {
    // A reply without a message has its status where others have their headers.
    if let Some(outcome) = status::of(response.headers()) {
        return outcome.map(|()| Vec::new());
    }
    if !response.status().is_success() {
        return Err(refusal(response.status(), response.headers()));
    }
    if !is_grpc(response.headers()) {
        return Err(Code::UNKNOWN.error(None));
    }
    let mut body = http::Response::<Body>::from(response).into_body();
    let (mut kept, mut len) = (Vec::new(), 0_usize);
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let Some(frame) = frame else {
            // It ended as it should, but without a status.
            return Err(Code::UNKNOWN.error(None));
        };
        match frame.map_err(|error| transport(&error))?.into_data() {
            Ok(data) => {
                len = len.saturating_add(data.len());
                if len > MAX_BODY_BYTES {
                    return Err(Code::RESOURCE_EXHAUSTED.error(None));
                }
                if kept.len() + data.len() <= MAX_REPLY_BYTES {
                    kept.extend_from_slice(&data);
                }
            }
            Err(frame) => {
                let Ok(trailers) = frame.into_trailers() else { continue };
                status::of(&trailers).unwrap_or_else(|| Err(Code::UNKNOWN.error(None)))?;
                return Ok(if kept.len() == len { message(kept) } else { Vec::new() });
            }
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    kind.get(..16).is_some_and(|start| start.eq_ignore_ascii_case(b"application/grpc"))
}

/// The first message of a body.
fn message(mut body: Vec<u8>) -> Vec<u8> {
    let Some(([flag, len @ ..], rest)) = body.split_first_chunk::<PREFIX_BYTES>() else {
        return Vec::new();
    };
    let len = u32::from_be_bytes(*len) as usize;
    if *flag != 0 || rest.len() < len {
        return Vec::new();
    }
    body.truncate(PREFIX_BYTES + len);
    body.drain(..PREFIX_BYTES);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_taken_out_of_its_frame() {
        for (body, expect) in [
            (&[0, 0, 0, 0, 2, 8, 9][..], &[8, 9][..]),
            (&[0, 0, 0, 0, 1, 8, 9], &[8]),
            (&[0, 0, 0, 0, 0], &[]),
            (&[1, 0, 0, 0, 1, 8], &[]),
            (&[0, 0, 0, 0, 9, 8], &[]),
            (&[0, 255, 255, 255, 255, 8], &[]),
            (&[0, 0, 0], &[]),
            (&[], &[]),
        ] {
            assert_eq!(message(body.to_vec()), expect, "{body:?}");
        }
    }
}
