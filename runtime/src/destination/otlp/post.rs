//! Sends messages to a collector, by the rules of OTLP over HTTP or over gRPC.

use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

#[cfg(feature = "otlp-grpc")]
use super::grpc;
use super::protocol::OtlpProtocol;
use crate::destination::blocking::Blocking;
use crate::destination::channel::{self, Channel};
use crate::destination::{SendError, reply};

/// Sends messages, one at a time, from a thread that may wait.
pub(super) struct Post {
    channel: Channel,
    protocol: OtlpProtocol,
    headers: HeaderMap,
    blocking: Blocking,
}

impl Post {
    pub(super) fn new(channel: Channel, protocol: OtlpProtocol, headers: HeaderMap) -> Self {
        Self { channel, protocol, headers, blocking: Blocking::default() }
    }

    /// Whether the next message needs no set-up that takes long.
    pub(super) fn is_ready(&self) -> bool {
        self.channel.is_ready()
    }

    /// Sends a message and returns the reply to it; an empty one when it cannot be read.
    pub(super) fn send(&mut self, message: Vec<u8>) -> Result<Vec<u8>, SendError> {
        let (channel, headers) = (&self.channel, self.headers.clone());
        match self.protocol {
            OtlpProtocol::HttpProtobuf => self.blocking.run(post(channel, headers, message))?,
            #[cfg(feature = "otlp-grpc")]
            OtlpProtocol::Grpc => {
                let sent = self.blocking.run(grpc::call(channel, headers, &message))?;
                if sent.as_ref().is_err_and(SendError::is_timeout) {
                    self.channel.hang_up();
                    // What serves the connection ends with the runtime.
                    self.blocking = Blocking::default();
                }
                sent
            }
        }
    }
}

async fn post(
    channel: &Channel,
    headers: HeaderMap,
    message: Vec<u8>,
) -> Result<Vec<u8>, SendError> {
    let response = channel.post(headers, message).await?;
    if !response.status().is_success() {
        return Err(refusal(response.status(), response.headers()));
    }
    Ok(channel::read(response).await.unwrap_or_default())
}

/// The specification names four statuses after which a message may be sent again; after all others
/// it must not. They are also those that mean UNAVAILABLE where gRPC was asked for.
pub(super) fn refusal(status: StatusCode, headers: &HeaderMap) -> SendError {
    match status.as_u16() {
        status @ (429 | 502 | 503 | 504) => reply::refusal(status, headers, SystemTime::now()),
        status => SendError::rejected(status),
    }
}
