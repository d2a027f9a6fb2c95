//! A request as a receiver read it.

use std::io::{self, BufRead, Read};

/// A larger body is refused.
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;

/// One request, with the body as it came over the wire.
///
/// ```
/// let received = toolwatch::testing::Received::default();
/// assert!(received.events().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Received {
    head: String,
    headers: Vec<(String, String)>,
    raw: Vec<u8>,
}

impl Received {
    /// The method and path, such as `POST /v1/events`.
    #[must_use]
    pub fn target(&self) -> &str {
        self.head.rsplit_once(' ').map_or("", |(target, _)| target)
    }

    /// The request's first line, as it came over the wire.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.head
    }

    /// Every header in its order; the names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A header's value; the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body's bytes as they came over the wire.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The body, decompressed.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        if self.header("content-encoding") != Some("gzip") {
            return self.raw.clone();
        }
        let mut body = Vec::new();
        let unpacked = flate2::read::GzDecoder::new(self.raw.as_slice())
            .take(MAX_BODY_BYTES)
            .read_to_end(&mut body);
        if unpacked.is_ok() { body } else { Vec::new() }
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body()).unwrap_or_default()
    }

    /// The events of the batch.
    #[must_use]
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.json().get("events").and_then(|events| events.as_array().cloned()).unwrap_or_default()
    }

    /// The ids of the batch's events.
    #[must_use]
    pub fn event_ids(&self) -> Vec<String> {
        let id = |event: &serde_json::Value| Some(event.get("event_id")?.as_str()?.to_owned());
        self.events().iter().filter_map(id).collect()
    }

    /// Reads one request; none at the end of the connection.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = String::new();
        if from.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        let mut request = Self { head: head.trim_end().to_owned(), ..Self::default() };
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let len: u64 =
            request.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0);
        from.take(len.min(MAX_BODY_BYTES)).read_to_end(&mut request.raw)?;
        Ok(Some(request))
    }
}
