//! The watches under which a server is measured. There is one per process.

use std::time::Duration;

use tempfile::TempDir;
use toolwatch::{Ack, Batch, Destination, Durability, Installed, SendError, Watch};

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

/// An installed watch and the directory of its spool.
pub struct Watching {
    /// The watch.
    pub watch: Installed,
    _directory: Option<TempDir>,
}

/// Installs the watch of a mode: `memory`, `spool` or `disabled`.
pub fn install(mode: &str) -> Watching {
    install_with(mode, Discard)
}

/// Installs the watch of a mode with a destination.
pub fn install_with(mode: &str, destination: impl Destination + 'static) -> Watching {
    let directory = tempfile::tempdir().expect("a directory for the spool");
    let builder = Watch::builder().server("bench", "1.0.0").max_batch_size(500).destination(destination);
    let builder = match mode {
        "memory" => builder.durability(Durability::Memory),
        "spool" => builder.durability(Durability::Spool).directory(directory.path().to_owned()),
        _ => return Watching { watch: Watch::disabled().install().expect("no other watch"), _directory: None },
    };
    let watch = builder.build().expect("a watch").install().expect("no other watch");
    assert!(watch.is_enabled(), "the environment turns the watch off");
    Watching { watch, _directory: Some(directory) }
}

impl Watching {
    /// Says what became of the events, so that nobody measures a watch that drops them.
    pub fn report(&self) {
        let delivery = self.watch.flush(Duration::from_secs(10));
        println!("events: {delivery:?}");
    }
}
