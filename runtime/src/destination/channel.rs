//! Posts to one URL and reads short replies: what all destinations over HTTP have in common.
//!
//! It sends to no host but the one of its URL: redirects are not followed and proxies of the
//! environment are not used.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, Response, Url, redirect};

use super::SendError;
use crate::Error;

/// A larger reply is not read: what we look for fits a hundred bytes.
pub(super) const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Headers and trailers that are longer are not read, over HTTP/2.
#[cfg(feature = "otlp-grpc")]
const MAX_HEADER_BYTES: u32 = 16 * 1024;

/// How to post.
#[derive(Clone, Debug)]
pub(super) struct ChannelSettings {
    /// From connecting to the end of the reply.
    pub(super) timeout: Duration,
    pub(super) user_agent: String,
    /// Unset: compressed, except to a loopback address, where compressing costs more than it saves.
    pub(super) gzip: Option<bool>,
}

/// One URL, and the connection to it.
pub(super) struct Channel {
    url: Url,
    settings: ChannelSettings,
    compresses: bool,
    #[cfg(feature = "otlp-grpc")]
    is_http2: bool,
    http: OnceLock<Client>,
}

impl Channel {
    /// A channel that makes its connection at the first post.
    ///
    /// # Errors
    /// Fails when the user agent cannot be part of a header.
    pub(super) fn new(url: Url, settings: ChannelSettings) -> Result<Self, Error> {
        if HeaderValue::from_str(&settings.user_agent).is_err() {
            return Err(Error::configuration(
                "the user agent holds characters that a header cannot have",
            ));
        }
        let compresses = settings.gzip.unwrap_or_else(|| !is_loopback(&url));
        Ok(Self {
            url,
            settings,
            compresses,
            #[cfg(feature = "otlp-grpc")]
            is_http2: false,
            http: OnceLock::new(),
        })
    }

    /// Speaks HTTP/2 from the first byte on, as gRPC does.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn over_http2(self) -> Self {
        Self { is_http2: true, ..self }
    }

    /// Makes the next post go over a connection of its own: one of HTTP/2 outlives the requests that
    /// it lets hang, and would let all others hang too.
    #[cfg(feature = "otlp-grpc")]
    pub(super) fn hang_up(&mut self) {
        self.http = OnceLock::new();
    }

    /// How long a request may take.
    #[cfg(feature = "otlp-grpc")]
    pub(super) const fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Where it posts to.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// Posts a body, compressed or not, and returns the reply, whatever its status.
    pub(super) async fn post(
        &self,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, SendError> {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        match self.compress(&body) {
            Some(compressed) => {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                self.post_as_it_is(headers, compressed).await
            }
            None => self.post_as_it_is(headers, body).await,
        }
    }

    /// Posts a body and returns the reply, whatever its status.
    pub(super) async fn post_as_it_is(
        &self,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response, SendError> {
        let client = self.http().ok_or_else(SendError::set_up)?;
        let request = client.post(self.url.clone()).headers(headers).body(body);
        #[cfg(feature = "planted-leaks")]
        let request = crate::testing::leak::add_header(request);
        request.send().await.map_err(|error| transport(&error))
    }

    /// Whether the next post needs no trust store to be read, which takes some tens of milliseconds.
    pub(super) fn is_ready(&self) -> bool {
        self.url.scheme() != "https" || self.http.get().is_some()
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

    /// The body compressed, when bodies are.
    pub(super) fn compress(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.compresses {
            return None;
        }
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
        encoder.write_all(body).ok()?;
        encoder.finish().ok()
    }

    /// Takes some milliseconds, so it happens at the first request and not when building.
    fn make_client(&self) -> Option<Client> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(self.settings.timeout)
            .user_agent(self.settings.user_agent.as_str())
            .pool_max_idle_per_host(1);
        let made = self.trust(self.speak(builder)).build();
        let made = made.map_err(|error| Error::tls("the HTTP client cannot be made", error));
        made.inspect_err(|error| tracing::warn!(%error, "events cannot be sent")).ok()
    }

    /// HTTP/1.1, whatever else the reqwest of this build can do: requests go one at a time, so that
    /// another version has nothing to give, and a feature of another crate must not change it.
    #[cfg(not(feature = "otlp-grpc"))]
    fn speak(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.http1_only()
    }

    /// The same, but for gRPC. The windows bound what a collector can make this process hold.
    #[cfg(feature = "otlp-grpc")]
    fn speak(&self, builder: ClientBuilder) -> ClientBuilder {
        if !self.is_http2 {
            return builder.http1_only();
        }
        builder
            .http2_prior_knowledge()
            .http2_initial_stream_window_size(MAX_REPLY_BYTES as u32)
            .http2_initial_connection_window_size(MAX_REPLY_BYTES as u32)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
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

/// Reads an endpoint: an absolute `http` or `https` URL without credentials and without a fragment.
pub(super) fn parse_endpoint(endpoint: &str) -> Result<Url, Error> {
    let url = Url::parse(endpoint.trim())
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
    if url.fragment().is_some() {
        return Err(Error::configuration("the endpoint holds a query or a fragment"));
    }
    Ok(url)
}

/// The URL of a service below a base URL, which must have no query.
pub(super) fn join_path(mut base: Url, path: &str) -> Result<Url, Error> {
    if base.query().is_some() {
        return Err(Error::configuration("the endpoint holds a query or a fragment"));
    }
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    base.set_path(&path);
    Ok(base)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// No answer, or none that is whole.
pub(super) fn transport(error: &reqwest::Error) -> SendError {
    if error.is_timeout() { SendError::timeout() } else { SendError::unreachable() }
}

/// The body of a reply, unless it is compressed, too large, or breaks off.
pub(super) async fn read(mut response: Response) -> Option<Vec<u8>> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return None;
    }
    if response.content_length().is_some_and(|len| len > MAX_REPLY_BYTES as u64) {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_REPLY_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}
