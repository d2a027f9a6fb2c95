//! The batching client of an ingest service, usable without the rest of toolwatch.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::channel::{self, Channel, ChannelSettings};
use super::{Ack, Quota, SendError, reply, secret::Secret};
use crate::Error;
use crate::sender::SDK;

/// Sends batches of events to `POST {endpoint}/v1/events`.
///
/// It sends to no host but the configured one: redirects are not followed and proxies of the
/// environment are not used. It does not retry; [`SendError`] says whether that would help.
///
/// ```
/// use toolwatch::destination::IngestClient;
/// # fn main() -> Result<(), toolwatch::Error> {
/// let client = IngestClient::builder("https://ingest.example.com", "key").build()?;
/// assert_eq!(client.quota_status(), None);
/// # Ok(())
/// # }
/// ```
pub struct IngestClient {
    api_key: Secret,
    channel: Channel,
    quota: Mutex<Option<Quota>>,
    closed: std::sync::atomic::AtomicBool,
}

/// The settings of an [`IngestClient`].
///
/// ```
/// use std::time::Duration;
/// use toolwatch::destination::IngestClient;
/// let builder = IngestClient::builder("http://127.0.0.1:4000", "key").timeout(Duration::from_secs(2));
/// assert!(builder.build().is_ok());
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `build`"]
pub struct IngestClientBuilder {
    endpoint: String,
    api_key: Secret,
    channel: ChannelSettings,
}

impl IngestClientBuilder {
    /// Sets how long one request may take, from connecting to the end of the reply. Default: 10 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.channel.timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header. Default: `toolwatch/VERSION`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.channel.user_agent = user_agent.into();
        self
    }

    /// Sets whether bodies are compressed. Default: yes, except to a loopback address, where
    /// compressing costs more than it saves.
    pub const fn gzip(mut self, gzip: bool) -> Self {
        self.channel.gzip = Some(gzip);
        self
    }

    /// Builds the client. No connection is made.
    ///
    /// # Errors
    /// Fails when the endpoint is no absolute `http` or `https` URL, or holds credentials, a query
    /// or a fragment, and when the key is empty or cannot be part of a header. Without the feature
    /// `tls`, `https` is refused.
    pub fn build(self) -> Result<IngestClient, Error> {
        let endpoint = channel::parse_endpoint(&self.endpoint)?;
        let url = channel::join_path(endpoint, "/v1/events")?;
        if self.api_key.is_empty() {
            return Err(Error::configuration("the API key is empty"));
        }
        if self.api_key.bearer().is_none() {
            return Err(Error::configuration(
                "the API key holds characters that a header cannot have",
            ));
        }
        Ok(IngestClient {
            api_key: self.api_key,
            channel: Channel::new(url, self.channel)?,
            quota: Mutex::default(),
            closed: false.into(),
        })
    }
}

impl IngestClient {
    /// Starts the settings of a client. The endpoint is the service's base URL.
    pub fn builder(endpoint: impl Into<String>, api_key: impl Into<String>) -> IngestClientBuilder {
        IngestClientBuilder {
            endpoint: endpoint.into(),
            api_key: Secret::new(api_key),
            channel: ChannelSettings {
                timeout: Duration::from_secs(10),
                user_agent: concat!("toolwatch/", env!("CARGO_PKG_VERSION")).to_owned(),
                gzip: None,
            },
        }
    }

    /// Sends events as one batch: `{"sdk": {...}, "events": [...]}`.
    ///
    /// # Errors
    /// Fails when an event cannot be written as JSON, the service cannot be reached or does not
    /// answer in time, it answers with a status other than success, or the client was closed.
    pub async fn send_batch<T: serde::Serialize>(&self, events: &[T]) -> Result<Ack, SendError> {
        let mut body = SDK.as_bytes().to_vec();
        body.extend_from_slice(b",\"events\":");
        serde_json::to_writer(&mut body, events).map_err(|_| SendError::encode())?;
        body.push(b'}');
        self.post(body, events.len() as u64).await
    }

    /// The quota that the service reported last.
    #[must_use]
    pub fn quota_status(&self) -> Option<Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the client: nothing is sent any more.
    pub fn close(&self) {
        self.closed.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Whether the next request needs no set-up that takes long: reading a machine's trust store may
    /// take tens of milliseconds of a processor.
    pub(super) fn is_ready(&self) -> bool {
        self.channel.is_ready()
    }

    /// Posts a body that holds so many events.
    pub(super) async fn post(&self, body: Vec<u8>, events: u64) -> Result<Ack, SendError> {
        if self.closed.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(SendError::closed());
        }
        let bearer = self.api_key.bearer().ok_or_else(SendError::set_up)?;
        let json = HeaderValue::from_static("application/json");
        let headers = [(AUTHORIZATION, bearer), (CONTENT_TYPE, json.clone()), (ACCEPT, json)];
        let response = self.channel.post(HeaderMap::from_iter(headers), body).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(reply::refusal(status, response.headers(), SystemTime::now()));
        }
        let ack = match channel::read(response).await {
            Some(body) => reply::parse(&body, events),
            None => Ack::all(),
        };
        if let Some(quota) = ack.quota() {
            *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota.clone());
        }
        Ok(ack)
    }
}

impl std::fmt::Debug for IngestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestClient")
            .field("host", &self.channel.url().host_str())
            .finish_non_exhaustive()
    }
}
