//! The ingest client as a destination: a small runtime of its own, on the sender's thread.

use super::blocking::Blocking;
use super::{Ack, Batch, Destination, IngestClient, SendError};

/// Sends batches with an [`IngestClient`].
pub(crate) struct HttpDestination {
    client: IngestClient,
    blocking: Blocking,
}

impl HttpDestination {
    /// A destination that makes runtime and connection at its first batch.
    pub(crate) fn new(client: IngestClient) -> Self {
        Self { client, blocking: Blocking::default() }
    }
}

impl Destination for HttpDestination {
    fn name(&self) -> &str {
        "ingest"
    }

    fn is_ready(&self) -> bool {
        self.client.is_ready()
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let body = self.client.body_of(batch)?;
        self.blocking.run(self.client.post(body, batch.len() as u64))?
    }
}
