//! Posts to a collector, by the rules of OTLP over HTTP.

use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::destination::blocking::Blocking;
use crate::destination::channel::{self, Channel};
use crate::destination::{SendError, reply};

/// Posts messages, one at a time, from a thread that may wait.
pub(super) struct Post {
    channel: Channel,
    headers: HeaderMap,
    blocking: Blocking,
}

impl Post {
    pub(super) fn new(channel: Channel, headers: HeaderMap) -> Self {
        Self { channel, headers, blocking: Blocking::default() }
    }

    /// Whether the next message needs no set-up that takes long.
    pub(super) fn is_ready(&self) -> bool {
        self.channel.is_ready()
    }

    /// Posts a message and returns the reply to it; an empty one when it cannot be read.
    pub(super) fn send(&mut self, message: Vec<u8>) -> Result<Vec<u8>, SendError> {
        let (channel, headers) = (&self.channel, self.headers.clone());
        self.blocking.run(async {
            let response = channel.post(headers, message).await?;
            if !response.status().is_success() {
                return Err(refusal(response.status(), response.headers()));
            }
            Ok(channel::read(response).await.unwrap_or_default())
        })?
    }
}

/// The specification names four statuses after which a message may be sent again; after all others
/// it must not.
fn refusal(status: StatusCode, headers: &HeaderMap) -> SendError {
    match status.as_u16() {
        status @ (429 | 502 | 503 | 504) => reply::refusal(status, headers, SystemTime::now()),
        status => SendError::rejected(status),
    }
}
