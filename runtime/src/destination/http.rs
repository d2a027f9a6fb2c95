//! The ingest client as a destination: a small runtime of its own, on the sender's thread.

use tokio::runtime::{Builder, Runtime};

use super::{Ack, Batch, Destination, IngestClient, SendError};

/// Sends batches with an [`IngestClient`].
pub(crate) struct HttpDestination {
    client: IngestClient,
    runtime: Option<Runtime>,
}

impl HttpDestination {
    /// A destination that makes runtime and connection at its first batch.
    pub(crate) const fn new(client: IngestClient) -> Self {
        Self { client, runtime: None }
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
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|_| SendError::set_up())?,
        };
        let mut body = Vec::new();
        batch.write_json(&mut body);
        let sent = runtime.block_on(self.client.post(body, batch.len() as u64));
        // After a panic the runtime is not put back, and the next batch gets a fresh one.
        self.runtime = Some(runtime);
        sent
    }
}

impl Drop for HttpDestination {
    /// A name look-up that hangs must not hold up the end of the thread.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
