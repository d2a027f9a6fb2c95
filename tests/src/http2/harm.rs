//! What a collector does to those who send, in frames that are valid.

use std::future::poll_fn;
use std::time::{Duration, Instant};

use h2::SendStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::{Body, PATIENCE, kind};

const DRIP: Duration = Duration::from_millis(20);

/// A harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// A yes, and then the connection goes away, as when it is too old.
    GoAway,
    /// The connection goes away with this reason before the request is answered.
    GoAwayFor(u32),
    /// The stream is reset with this reason.
    Reset(u32),
    /// The connection is closed.
    HangUp,
    /// The request is read, and nothing comes back.
    BlackHole,
    /// A whole reply, but without trailers.
    NoTrailers,
    /// Trailers without a status.
    NoStatus,
    /// A reply of gRPC with another HTTP status and no status of its own.
    Http(u16),
    /// A page, as of a server that does not know gRPC.
    Page,
    /// A message of so many bytes, then a yes.
    Long(usize),
    /// A message that is said to be compressed, then a yes.
    Compressed,
    /// A message of ten GiB.
    TenGibibytes,
    /// A message that comes byte by byte.
    DripBody,
    /// Trailers of 4 MiB.
    LongTrailers,
    /// Bytes that are no HTTP/2.
    Garbage,
    /// A header that never ends.
    EndlessHeaders,
    /// Early hints without end.
    EndlessInformational,
    /// Pings without end, and the reply never.
    EndlessPings,
    /// Settings without end, and the reply never.
    EndlessSettings,
}

impl Harm {
    /// Whether it takes frames that no library writes, on a connection of its own.
    pub(super) const fn is_raw(self) -> bool {
        matches!(
            self,
            Self::Garbage
                | Self::EndlessHeaders
                | Self::EndlessInformational
                | Self::EndlessPings
                | Self::EndlessSettings
        )
    }

    /// Whether a client takes it for a yes.
    pub(super) const fn is_yes(self) -> bool {
        matches!(self, Self::GoAway | Self::Long(_) | Self::Compressed)
    }

    /// Answers. Errors are the client's hanging up.
    pub(super) async fn answer(self, mut respond: SendResponse<Body>) {
        match self {
            Self::Reset(reason) => respond.send_reset(reason.into()),
            Self::BlackHole => tokio::time::sleep(PATIENCE).await,
            Self::Http(status) => {
                let _ = respond.send_response(head(status, "text/html"), true);
            }
            Self::Page => {
                if let Ok(mut stream) = respond.send_response(head(200, "text/html"), false) {
                    let _ = stream.send_data(Body::from_static(b"<html>"), true);
                }
            }
            harm => {
                if let Ok(stream) = respond.send_response(head(200, "application/grpc"), false) {
                    harm.message(stream).await;
                } else {
                    kind(&mut respond);
                }
            }
        }
    }

    async fn message(self, mut stream: SendStream<Body>) {
        let empty = Body::from_static(&[0; 5]);
        match self {
            Self::NoTrailers => drop(stream.send_data(empty, true)),
            Self::NoStatus => {
                let _ = stream.send_data(empty, false);
                let _ = stream.send_trailers(trailer("x-other", "1"));
            }
            Self::Long(len) => {
                // One text of a partial success that rejects nothing.
                send(&mut stream, prefix(0, len)).await;
                send(&mut stream, vec![0; len]).await;
                let _ = stream.send_trailers(trailer("grpc-status", "0"));
            }
            Self::Compressed => {
                send(&mut stream, prefix(1, 9)).await;
                send(&mut stream, vec![0x1f; 9]).await;
                let _ = stream.send_trailers(trailer("grpc-status", "0"));
            }
            Self::TenGibibytes => {
                send(&mut stream, prefix(0, 0xffff_ffff)).await;
                let chunk = vec![0; 16 * 1024];
                for _ in 0..10 * 64 * 1024 {
                    if !send(&mut stream, chunk.clone()).await {
                        return;
                    }
                }
            }
            Self::DripBody => {
                send(&mut stream, prefix(0, 60_000)).await;
                let end = Instant::now() + PATIENCE;
                while Instant::now() < end && send(&mut stream, vec![0]).await {
                    tokio::time::sleep(DRIP).await;
                }
            }
            Self::LongTrailers => {
                let _ = stream.send_data(empty, false);
                let mut trailers = trailer("grpc-status", "14");
                let long = "x".repeat(16 * 1024);
                let value = HeaderValue::from_str(&long).unwrap_or(HeaderValue::from_static("x"));
                for _ in 0..256 {
                    trailers.append(HeaderName::from_static("grpc-message"), value.clone());
                }
                let _ = stream.send_trailers(trailers);
            }
            _ => {}
        }
    }
}

pub(super) fn head(status: u16, kind: &'static str) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    response
}

fn trailer(name: &'static str, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
}

fn prefix(flag: u8, len: usize) -> Vec<u8> {
    let len = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    [&[flag][..], &len].concat()
}

/// Sends bytes as fast as the client reads them; false when it does not any more.
async fn send(stream: &mut SendStream<Body>, bytes: Vec<u8>) -> bool {
    let mut rest = Body::from(bytes);
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        let Some(Ok(capacity)) = poll_fn(|cx| stream.poll_capacity(cx)).await else {
            return false;
        };
        let part = rest.split_to(capacity.min(rest.len()));
        if stream.send_data(part, false).is_err() {
            return false;
        }
    }
    true
}
