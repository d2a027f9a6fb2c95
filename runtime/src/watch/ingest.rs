//! Which destinations options and variables name.

use std::time::Duration;

use super::WatchBuilder;
use super::environment::Environment;
use crate::destination::{Destination, IngestFormat};
use crate::error::Error;

impl WatchBuilder {
    /// Every destination that was configured: the ingest endpoint first, then OTLP, then AgentCat
    /// by its variable, then those of the author.
    pub(super) fn resolve_destinations(
        &mut self,
        env: &mut Environment<'_>,
    ) -> Result<Vec<Box<dyn Destination>>, Error> {
        let mut destinations: Vec<_> = self.resolve_endpoint(env)?.into_iter().collect();
        destinations.extend(self.readers.otlp.resolve(env)?);
        destinations.extend(super::agentcat::resolve(&self.destinations, env));
        destinations.append(&mut self.destinations);
        Ok(destinations)
    }

    fn resolve_endpoint(
        &mut self,
        env: &mut Environment<'_>,
    ) -> Result<Option<Box<dyn Destination>>, Error> {
        let from_option = self.endpoint.is_some() || self.api_key.is_some();
        let endpoint = self.endpoint.take().or_else(|| env.text("TOOLWATCH_ENDPOINT"));
        let key = self.api_key.take().or_else(|| env.text("TOOLWATCH_API_KEY"));
        let formats = [IngestFormat::Toolwatch, IngestFormat::McpWatch]
            .map(|format| (format.as_str(), format));
        let format = self.ingest_format.or_else(|| env.one_of("TOOLWATCH_INGEST_FORMAT", &formats));
        let ingest = Ingest {
            format: format.unwrap_or_default(),
            timeout: self.http_timeout.unwrap_or(Duration::from_secs(10)),
        };
        let problem = match (endpoint, key) {
            (None, None) => return Ok(None),
            (Some(endpoint), Some(key)) => match ingest.destination(&endpoint, &key) {
                Ok(destination) => return Ok(Some(destination)),
                Err(error) => error,
            },
            (Some(_), None) => {
                Error::configuration("an endpoint needs a key: set api_key or TOOLWATCH_API_KEY")
            }
            (None, Some(_)) => {
                Error::configuration("a key needs an endpoint: set endpoint or TOOLWATCH_ENDPOINT")
            }
        };
        if from_option {
            return Err(problem);
        }
        env.warn(format!("{problem}; sending nothing"));
        Ok(None)
    }
}

/// How events go to the endpoint.
#[cfg_attr(not(feature = "http"), expect(dead_code, reason = "nothing is sent then"))]
struct Ingest {
    format: IngestFormat,
    timeout: Duration,
}

#[cfg(feature = "http")]
impl Ingest {
    fn destination(&self, endpoint: &str, key: &str) -> Result<Box<dyn Destination>, Error> {
        let client = crate::destination::IngestClient::builder(endpoint, key)
            .timeout(self.timeout)
            .format(self.format)
            .build()?;
        Ok(Box::new(crate::destination::HttpDestination::new(client)))
    }
}

#[cfg(not(feature = "http"))]
impl Ingest {
    fn destination(&self, _: &str, _: &str) -> Result<Box<dyn Destination>, Error> {
        Err(Error::configuration("an endpoint needs the feature `http` of toolwatch"))
    }
}
