//! The batching client of an ingest service, usable without the rest of toolwatch.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::channel::{self, Channel, ChannelSettings};
use super::{Ack, Batch, IngestFormat, Quota, SendError, mcpwatch, reply, secret::Secret};
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
    format: IngestFormat,
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
    format: IngestFormat,
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
    /// compressing costs more than it saves, and in the form of MCPWatch, whose client does not.
    pub const fn gzip(mut self, gzip: bool) -> Self {
        self.channel.gzip = Some(gzip);
        self
    }

    /// Sets the form of batches and events. Default: toolwatch's own.
    ///
    /// ```
    /// use toolwatch::destination::{IngestClient, IngestFormat};
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// let client = IngestClient::builder("https://ingest.example.com", "key")
    ///     .format(IngestFormat::McpWatch)
    ///     .build()?;
    /// # client.close();
    /// # Ok(())
    /// # }
    /// ```
    pub const fn format(mut self, format: IngestFormat) -> Self {
        self.format = format;
        self
    }

    /// Builds the client. No connection is made.
    ///
    /// # Errors
    /// Fails when the endpoint is no absolute `http` or `https` URL, or holds credentials, a query
    /// or a fragment, and when the key is empty or cannot be part of a header. Without the feature
    /// `tls`, `https` is refused.
    pub fn build(mut self) -> Result<IngestClient, Error> {
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
        if self.format == IngestFormat::McpWatch {
            self.channel.gzip.get_or_insert(false);
        }
        Ok(IngestClient {
            api_key: self.api_key,
            format: self.format,
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
            format: IngestFormat::Toolwatch,
            channel: ChannelSettings {
                timeout: Duration::from_secs(10),
                user_agent: concat!("toolwatch/", env!("CARGO_PKG_VERSION")).to_owned(),
                gzip: None,
            },
        }
    }

    /// Sends events as one batch: `{"sdk": {...}, "events": [...]}`. In the form of MCPWatch it is
    /// `{"batch": [...], "sdk": {...}}`, and each event gets that form.
    ///
    /// # Errors
    /// Fails when an event cannot be written as JSON, the service cannot be reached or does not
    /// answer in time, it answers with a status other than success, or the client was closed.
    pub async fn send_batch<T: serde::Serialize>(&self, events: &[T]) -> Result<Ack, SendError> {
        let body = match self.format {
            IngestFormat::Toolwatch => {
                let mut body = SDK.as_bytes().to_vec();
                body.extend_from_slice(b",\"events\":");
                serde_json::to_writer(&mut body, events).map_err(|_| SendError::encode())?;
                body.push(b'}');
                body
            }
            IngestFormat::McpWatch => {
                let values = events.iter().map(serde_json::to_value);
                let values: Vec<_> =
                    values.collect::<Result<_, _>>().map_err(|_| SendError::encode())?;
                mcpwatch::body(values.into_iter())?
            }
        };
        self.post(body, events.len() as u64).await
    }

    /// The body for a batch of the sender's.
    pub(super) fn body_of(&self, batch: &Batch<'_>) -> Result<Vec<u8>, SendError> {
        match self.format {
            IngestFormat::Toolwatch => {
                let mut body = Vec::new();
                batch.write_json(&mut body);
                Ok(body)
            }
            IngestFormat::McpWatch => {
                let values = batch.events().map(|event| serde_json::from_slice(&event));
                let values: Vec<_> =
                    values.collect::<Result<_, _>>().map_err(|_| SendError::encode())?;
                mcpwatch::body(values.into_iter())
            }
        }
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
        let told = match self.format {
            IngestFormat::Toolwatch => None,
            IngestFormat::McpWatch => mcpwatch::quota(response.headers()),
        };
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let error = reply::refusal(status, response.headers(), SystemTime::now());
            return Err(match told {
                Some(quota) => error.with_quota(self.note(quota)),
                None => error,
            });
        }
        let ack = match channel::read(response).await {
            Some(body) => reply::parse(&body, events),
            None => Ack::all(),
        };
        let quota = ack.quota().cloned().or(told);
        Ok(match quota {
            Some(quota) => ack.with_quota(self.note(quota)),
            None => ack,
        })
    }

    fn note(&self, quota: Quota) -> Quota {
        *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota.clone());
        quota
    }
}

impl std::fmt::Debug for IngestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestClient")
            .field("host", &self.channel.url().host_str())
            .finish_non_exhaustive()
    }
}
