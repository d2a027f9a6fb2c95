//! The batching client of an ingest service, usable without the rest of toolwatch.

use std::io::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use flate2::{Compression, write::GzEncoder};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, ClientBuilder, Response, Url, redirect};

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
    settings: IngestClientBuilder,
    url: Url,
    compresses: bool,
    http: OnceLock<Client>,
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
    timeout: Duration,
    user_agent: String,
    gzip: Option<bool>,
}

impl IngestClientBuilder {
    /// Sets how long one request may take, from connecting to the end of the reply. Default: 10 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header. Default: `toolwatch/VERSION`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sets whether bodies are compressed. Default: yes, except to a loopback address, where
    /// compressing costs more than it saves.
    pub const fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = Some(gzip);
        self
    }

    /// Builds the client. No connection is made.
    ///
    /// # Errors
    /// Fails when the endpoint is no absolute `http` or `https` URL, or holds credentials, a query
    /// or a fragment, and when the key is empty or cannot be part of a header. Without the feature
    /// `tls`, `https` is refused.
    pub fn build(self) -> Result<IngestClient, Error> {
        let url = events_url(&self.endpoint)?;
        if self.api_key.is_empty() {
            return Err(Error::configuration("the API key is empty"));
        }
        if self.api_key.bearer().is_none() {
            return Err(Error::configuration(
                "the API key holds characters that a header cannot have",
            ));
        }
        if reqwest::header::HeaderValue::from_str(&self.user_agent).is_err() {
            return Err(Error::configuration(
                "the user agent holds characters that a header cannot have",
            ));
        }
        let compresses = self.gzip.unwrap_or_else(|| !is_loopback(&url));
        Ok(IngestClient {
            settings: self,
            url,
            compresses,
            http: OnceLock::new(),
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
            timeout: Duration::from_secs(10),
            user_agent: concat!("toolwatch/", env!("CARGO_PKG_VERSION")).to_owned(),
            gzip: None,
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
        self.url.scheme() != "https" || self.http.get().is_some()
    }

    /// Posts a body that holds so many events.
    pub(super) async fn post(&self, body: Vec<u8>, events: u64) -> Result<Ack, SendError> {
        if self.closed.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(SendError::closed());
        }
        let client = self.http().ok_or_else(SendError::set_up)?;
        let bearer = self.settings.api_key.bearer().ok_or_else(SendError::set_up)?;
        let request = client
            .post(self.url.clone())
            .header(AUTHORIZATION, bearer)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity");
        let request = match self.compress(&body) {
            Some(compressed) => request.header(CONTENT_ENCODING, "gzip").body(compressed),
            None => request.body(body),
        };
        #[cfg(feature = "planted-leaks")]
        let request = crate::testing::leak::add_header(request);
        let response = request.send().await.map_err(|error| transport(&error))?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(reply::refusal(status, response.headers(), SystemTime::now()));
        }
        let ack = match read(response).await {
            Some(body) => reply::parse(&body, events),
            None => Ack::all(),
        };
        if let Some(quota) = ack.quota() {
            *self.quota.lock().unwrap_or_else(PoisonError::into_inner) = Some(quota.clone());
        }
        Ok(ack)
    }

    fn compress(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.compresses {
            return None;
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
        encoder.write_all(body).ok()?;
        encoder.finish().ok()
    }

    /// The client, made at the first request and, when that fails, as for want of a descriptor, at
    /// the next one.
    fn http(&self) -> Option<&Client> {
        if let Some(client) = self.http.get() {
            return Some(client);
        }
        let made = self.make_client()?;
        Some(self.http.get_or_init(|| made))
    }

    /// Takes some milliseconds, so it happens at the first request and not when building.
    fn make_client(&self) -> Option<Client> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(self.settings.timeout)
            .user_agent(self.settings.user_agent.as_str())
            .pool_max_idle_per_host(1);
        let made = self.trust(builder).build();
        let made = made.map_err(|error| Error::tls("the HTTP client cannot be made", error));
        made.inspect_err(|error| tracing::warn!(%error, "events cannot be sent")).ok()
    }

    /// An endpoint over plain HTTP needs no trust store, so that a machine without one can still
    /// send to a collector on its own loopback.
    #[cfg(feature = "tls")]
    fn trust(&self, builder: ClientBuilder) -> ClientBuilder {
        if self.url.scheme() == "https" { builder } else { builder.tls_certs_only([]) }
    }

    #[cfg(not(feature = "tls"))]
    fn trust(&self, builder: ClientBuilder) -> ClientBuilder {
        builder
    }
}

impl std::fmt::Debug for IngestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestClient").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

fn events_url(endpoint: &str) -> Result<Url, Error> {
    let mut url = Url::parse(endpoint.trim())
        .map_err(|_| Error::configuration("the endpoint is not an absolute URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Error::configuration("the endpoint's scheme is neither http nor https"));
    }
    if cfg!(not(feature = "tls")) && url.scheme() == "https" {
        return Err(Error::configuration("an https endpoint needs the feature `tls` of toolwatch"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::configuration("the endpoint holds credentials; give the key apart"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::configuration("the endpoint holds a query or a fragment"));
    }
    let path = format!("{}/v1/events", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn transport(error: &reqwest::Error) -> SendError {
    if error.is_timeout() { SendError::timeout() } else { SendError::unreachable() }
}

/// The body of a reply, unless it is compressed, too large, or breaks off.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return None;
    }
    if response.content_length().is_some_and(|len| len > reply::MAX_BYTES as u64) {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > reply::MAX_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}
