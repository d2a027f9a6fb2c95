//! The watches under which a server is measured. There is one per process.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tempfile::TempDir;
use toolwatch::{Ack, Batch, Destination, Durability, Installed, IntentScope, SendError, Watch, WatchBuilder};

/// A destination that takes every batch and keeps nothing.
pub struct Discard;

impl Destination for Discard {
    fn name(&self) -> &str {
        "discard"
    }

    fn send(&mut self, _batch: &Batch<'_>) -> Result<Ack, SendError> {
        Ok(Ack::all())
    }
}

/// A destination that hangs in its first batch until the other end is dropped.
pub struct Hang(Receiver<()>);

impl Hang {
    /// The destination, and what holds it up.
    pub fn new() -> (Self, Sender<()>) {
        let (sender, receiver) = channel();
        (Self(receiver), sender)
    }
}

impl Destination for Hang {
    fn name(&self) -> &str {
        "hang"
    }

    fn send(&mut self, _batch: &Batch<'_>) -> Result<Ack, SendError> {
        self.0.recv().ok();
        Ok(Ack::all())
    }
}

/// An installed watch and the directory of its spool.
pub struct Watching {
    /// The watch.
    pub watch: Installed,
    _directory: TempDir,
}

/// Installs the watch of a mode, `memory`, `spool` or `disabled`, whose events are discarded.
pub fn install(mode: &str) -> Watching {
    install_with(mode, |builder| builder.destination(Discard))
}

/// Installs the watch of a mode with a destination.
pub fn install_with(mode: &str, configure: impl FnOnce(WatchBuilder) -> WatchBuilder) -> Watching {
    let directory = tempfile::tempdir().expect("a directory for the spool");
    let builder = configure(Watch::builder().server("bench", "1.0.0").max_batch_size(500));
    let watch = match mode {
        "memory" => builder.durability(Durability::Memory).build(),
        "spool" => builder.durability(Durability::Spool).directory(directory.path().join("spool")).build(),
        _ => Ok(Watch::disabled()),
    };
    let watch = watch.expect("a watch").install().expect("no other watch");
    assert!(watch.is_enabled() || mode == "disabled", "the environment turns the watch off");
    Watching { watch, _directory: directory }
}

/// A watch in memory that is not installed, whose events are discarded.
pub fn build(scope: IntentScope) -> Watch {
    let builder = Watch::builder().server("bench", "1.0.0").max_batch_size(500);
    let builder = builder.durability(Durability::Memory).intent_scope(scope).destination(Discard);
    builder.build().expect("a watch")
}

impl Watching {
    /// Says what became of the events, so that nobody measures a watch that does not work.
    pub fn report(&self) {
        let delivery = self.watch.flush(Duration::from_secs(10));
        let stats = self.watch.stats();
        println!("events: {delivery:?}, {} fallbacks to memory", stats.memory_fallbacks);
        assert_eq!(stats.memory_fallbacks, 0, "the spool's disk failed: the figures are those of memory");
    }
}
