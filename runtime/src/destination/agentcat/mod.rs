//! AgentCat beside what you have: shapes alone, in the form of its public events API.

mod publish;

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::blocking::Blocking;
use super::channel::{self, Channel, ChannelSettings};
use super::{Ack, Batch, Destination, SendError, reply};
use crate::Error;

/// The path of the events API, read in `agentcat-api` 0.0.3.
const PATH: &str = "/v1/public/events/";
const USER_AGENT: &str = concat!("toolwatch/", env!("CARGO_PKG_VERSION"));
const MAX_PROJECT_CHARS: usize = 64;

/// Sends events to [AgentCat](https://agentcat.com), or to whatever speaks its
/// `POST /v1/public/events/`, so that toolwatch can be tried beside what is there.
///
/// Where AgentCat's own SDK sends arguments and results, this sends their shapes: types, lengths and
/// keyed hashes. An intent is sent as far as it is recorded. That API takes one event per request.
/// After a failure the events of a batch that were taken are not sent again; a crash in between may
/// send some twice, under the same `event_id`.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// use toolwatch::destination::AgentCat;
///
/// let agentcat = AgentCat::new("https://api.agentcat.com", "proj_0000000")?;
/// # let home = tempfile::tempdir().unwrap();
/// let directory = home.path().join("watch");
/// let watch = toolwatch::Watch::builder().destination(agentcat).directory(&directory).build()?;
/// assert_eq!(watch.destinations()[0].0, "agentcat");
/// # Ok(())
/// # }
/// ```
pub struct AgentCat {
    project: String,
    channel: Channel,
    blocking: Blocking,
    /// The events of the batch that failed last which were answered before the failure, and whether
    /// they were taken.
    answered: HashMap<String, bool>,
}

impl AgentCat {
    /// A destination for the project with this id. The endpoint is an absolute URL, as a rule
    /// `https://api.agentcat.com`; a request may take 10 s.
    ///
    /// # Errors
    /// Fails when the endpoint is not an absolute `http` or `https` URL without credentials, query
    /// and fragment, or when the id is empty or holds anything but ASCII letters, digits, `_` and
    /// `-`, or more than 64 of them.
    pub fn new(endpoint: &str, project_id: &str) -> Result<Self, Error> {
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let is_bounded = (1..=MAX_PROJECT_CHARS).contains(&project_id.len());
        if !is_bounded || !project_id.chars().all(is_id) {
            return Err(Error::configuration(
                "the project id of AgentCat has 1 to 64 letters, digits, `_` and `-`",
            ));
        }
        let url = channel::join_path(channel::parse_endpoint(endpoint)?, PATH)?;
        let settings = ChannelSettings {
            timeout: Duration::from_secs(10),
            user_agent: USER_AGENT.to_owned(),
            // One event is too short to gain from it.
            gzip: Some(false),
        };
        Ok(Self {
            project: project_id.to_owned(),
            channel: Channel::new(url, settings)?,
            blocking: Blocking::default(),
            answered: HashMap::new(),
        })
    }

    /// Sends one event. A status that refuses this event alone is an answer, not a failure.
    fn publish(&mut self, body: Vec<u8>) -> Result<bool, SendError> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
        let channel = &self.channel;
        self.blocking.run(async {
            let response = channel.post(headers, body).await?;
            let status = response.status();
            let is_refused = [
                StatusCode::BAD_REQUEST,
                StatusCode::PAYLOAD_TOO_LARGE,
                StatusCode::UNPROCESSABLE_ENTITY,
            ];
            if !status.is_success() && !is_refused.contains(&status) {
                let (status, now) = (status.as_u16(), SystemTime::now());
                return Err(reply::refusal(status, response.headers(), now));
            }
            // Read, so that the connection can be used again.
            let _ = channel::read(response).await;
            Ok(status.is_success())
        })?
    }
}

impl Destination for AgentCat {
    fn name(&self) -> &str {
        "agentcat"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let before = std::mem::take(&mut self.answered);
        let mut answered = HashMap::new();
        for event in batch.events() {
            let event: Value = serde_json::from_slice(&event).map_err(|_| SendError::encode())?;
            let id = event["event_id"].as_str().unwrap_or_default().to_owned();
            let answer = match before.get(&id) {
                Some(is_taken) => Ok(*is_taken),
                None => publish::body(&event, &self.project)
                    .map_err(|_| SendError::encode())
                    .and_then(|body| self.publish(body)),
            };
            match answer {
                Ok(is_taken) => answered.insert(id, is_taken),
                Err(error) => {
                    self.answered = answered;
                    return Err(error);
                }
            };
        }
        let rejected = answered.values().filter(|is_taken| !**is_taken).count();
        Ok(Ack::all().with_rejected(rejected as u64))
    }

    fn is_ready(&self) -> bool {
        self.channel.is_ready()
    }
}

impl fmt::Debug for AgentCat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentCat")
            .field("url", &self.channel.url().as_str())
            .finish_non_exhaustive()
    }
}
