//! What left the process, as named haystacks.

use std::error::Error;
use std::fmt::{Debug, Write};
use std::io;
use std::path::Path;

use toolwatch::Watch;
use toolwatch::prometheus::Exporter;
use toolwatch::testing::Received;

/// The bytes of one place that data can leave through.
#[derive(Clone)]
pub struct Sink {
    /// Which place.
    pub name: String,
    /// What was found there.
    pub bytes: Vec<u8>,
    /// Whether it is the file of the install key, which may hold that key.
    pub is_key_file: bool,
    /// Whether it shows records, and so intents, labels and the ids of traces.
    pub is_shown: bool,
}

/// Everything that was collected in a round.
#[derive(Default)]
pub struct Sinks(pub Vec<Sink>);

impl Sinks {
    /// Adds bytes.
    pub fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let (name, bytes) = (name.into(), bytes.into());
        self.0.push(Sink { name, bytes, is_key_file: false, is_shown: false });
    }

    /// Adds what a reader of the local record is shown.
    pub fn add_shown(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let (name, bytes) = (name.into(), bytes.into());
        self.0.push(Sink { name, bytes, is_key_file: false, is_shown: true });
    }

    /// Adds what `Debug` prints of a value, plain and pretty.
    pub fn add_debug(&mut self, name: &str, value: &dyn Debug) {
        self.add(format!("Debug of {name}"), format!("{value:?}\n{value:#?}"));
    }

    /// Adds all that an error tells: `Display` and `Debug` of it and of its sources.
    pub fn add_error(&mut self, name: &str, error: &dyn Error) {
        self.add(name, describe(error));
    }

    /// Adds every file below a directory, and the files' names.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read. A file that is gone by then is left out.
    pub fn add_directory(&mut self, name: &str, directory: &Path) -> io::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            self.add(
                format!("{name}, a file's name"),
                path.file_name().unwrap_or_default().as_encoded_bytes(),
            );
            if path.is_dir() {
                self.add_directory(name, &path)?;
            } else if let Ok(bytes) = std::fs::read(&path) {
                let is_key_file = path.file_name().is_some_and(|file| file == "key");
                let name = format!("{name}, {}", path.file_name().unwrap_or_default().display());
                self.0.push(Sink { name, bytes, is_key_file, is_shown: false });
            }
        }
        Ok(())
    }

    /// Adds what metrics readers show of a watch.
    pub fn add_metrics(&mut self, watch: &Watch) {
        let exporter = Exporter::new(watch);
        self.add("Prometheus text", exporter.text());
        self.add_debug("Exporter", &exporter);
        self.add_debug("Metrics", &watch.metrics());
    }

    /// Adds requests: their heads, and their bodies, decompressed.
    pub fn add_requests(&mut self, requests: &[Received]) {
        for (at, request) in requests.iter().enumerate() {
            let mut head = format!("{}\r\n", request.line());
            for (name, value) in request.headers() {
                write!(head, "{name}: {value}\r\n").ok();
            }
            self.add(format!("head of request {at}"), head);
            self.add(format!("body of request {at}"), request.body());
        }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.iter().map(|sink| sink.bytes.len()).sum()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All that an error tells.
pub fn describe(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        write!(text, "{error}\n{error:?}\n").ok();
        next = error.source();
    }
    text
}

/// An audit log in a directory whose files are searched, with everything on that it can write.
///
/// # Panics
///
/// When it cannot be begun.
#[must_use]
pub fn audit(directory: &Path) -> toolwatch::audit::Audit {
    let log = directory.join("audit");
    toolwatch::audit::keygen_signed(&log).expect("the keys of an audit log");
    let audit = toolwatch::audit::Audit::builder(&log).begin_records();
    audit.checkpoint_file(directory.join("checkpoints")).build().expect("an audit log")
}
