//! Runs what is asynchronous on a thread that is not: the sender's, or that of an exporter.

use tokio::runtime::{Builder, Runtime};

use super::SendError;

/// A small runtime of its own, made at its first use.
#[derive(Default)]
pub(super) struct Blocking(Option<Runtime>);

impl Blocking {
    /// Runs a future to its end.
    pub(super) fn run<F: Future>(&mut self, future: F) -> Result<F::Output, SendError> {
        let runtime = match self.0.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|_| SendError::set_up())?,
        };
        let output = runtime.block_on(future);
        // After a panic the runtime is not put back, and the next future gets a fresh one.
        self.0 = Some(runtime);
        Ok(output)
    }
}

impl Drop for Blocking {
    /// A name look-up that hangs must not hold up the end of the thread.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
