//! Reads the segments of a directory, live ones and left ones, delivered records and waiting ones.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::record::Record;
use crate::Error;
use crate::event::Timestamp;
use crate::spool::{SEGMENT_SUFFIX, Scanner, read_header, splice};

/// Reads a spool directory from its beginning.
///
/// ```
/// use toolwatch::local::Reader;
/// # let directory = tempfile::tempdir().unwrap();
/// let mut reader = Reader::open(&directory)?;
/// assert!(reader.poll().is_empty());
/// # Ok::<(), toolwatch::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    since: Option<String>,
    places: HashMap<String, Place>,
}

/// How far a segment has been read.
#[derive(Clone, Debug)]
struct Place {
    common: Vec<u8>,
    offset: u64,
    next_sequence: u32,
}

impl Reader {
    /// Opens a directory.
    ///
    /// # Errors
    /// Fails when the directory cannot be listed.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref().to_owned();
        std::fs::read_dir(&directory)
            .map_err(|error| Error::storage("the spool's directory cannot be read", error))?;
        Ok(Self { directory, since: None, places: HashMap::new() })
    }

    /// Leaves out records that began before a moment.
    #[must_use]
    pub fn since(mut self, moment: SystemTime) -> Self {
        self.since = Some(Timestamp::from(moment).to_string());
        self
    }

    /// The records that have come since the last call, by segment and then by time. The first call
    /// returns everything there is.
    ///
    /// A segment that cannot be read now is tried again at the next call.
    pub fn poll(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        for name in self.segments() {
            self.read_segment(&name, &mut records);
        }
        records
    }

    /// Follows the record: everything there is, then what comes, looked for at this interval. The
    /// iterator never ends; it sleeps on the calling thread.
    pub fn follow(mut self, interval: Duration) -> impl Iterator<Item = Record> {
        let mut ready = VecDeque::new();
        std::iter::from_fn(move || {
            while ready.is_empty() {
                ready.extend(self.poll());
                if ready.is_empty() {
                    std::thread::sleep(interval);
                }
            }
            ready.pop_front()
        })
    }

    /// The segments by age; places in segments that are gone are forgotten.
    fn segments(&mut self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(SEGMENT_SUFFIX)).collect();
        names.sort_unstable();
        self.places.retain(|name, _| names.binary_search(name).is_ok());
        names
    }

    fn read_segment(&mut self, name: &str, records: &mut Vec<Record>) -> Option<()> {
        let file = File::open(self.directory.join(name)).ok()?;
        let limit = file.metadata().ok()?.len();
        let place = match self.places.get(name) {
            Some(place) if place.offset >= limit => return None,
            Some(place) => place.clone(),
            None => start(&file, limit)?,
        };
        let mut scanner = Scanner::new(&file, place.offset, place.next_sequence, limit);
        let mut json = Vec::new();
        while let Some(found) = scanner.next_record().ok()? {
            json.clear();
            splice(found.payload, &place.common, &mut json);
            let Ok(record) = serde_json::from_slice::<Record>(&json) else {
                continue;
            };
            if self.since.as_deref().is_none_or(|since| record.started_at.as_str() >= since) {
                records.push(record);
            }
        }
        let (offset, next_sequence) = (scanner.good(), scanner.next_sequence());
        self.places.insert(name.to_owned(), Place { common: place.common, offset, next_sequence });
        None
    }
}

/// The first place in a segment. A header that is still being written is waited for; a damaged one
/// only costs the members that all its records share.
fn start(file: &File, limit: u64) -> Option<Place> {
    if limit == 0 {
        return None;
    }
    let header = read_header(file).ok()?;
    let (common, offset) =
        header.map_or_else(Default::default, |header| (header.common, header.len));
    Some(Place { common, offset, next_sequence: 0 })
}

impl IntoIterator for Reader {
    type Item = Record;
    type IntoIter = Records;

    fn into_iter(self) -> Records {
        Records { reader: self, names: None, ready: VecDeque::new() }
    }
}

/// All records of a directory, one segment in memory at a time.
///
/// ```
/// # let directory = tempfile::tempdir().unwrap();
/// let records = toolwatch::local::Reader::open(&directory)?.into_iter();
/// assert_eq!(records.count(), 0);
/// # Ok::<(), toolwatch::Error>(())
/// ```
#[derive(Debug)]
pub struct Records {
    reader: Reader,
    names: Option<VecDeque<String>>,
    ready: VecDeque<Record>,
}

impl Iterator for Records {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Some(record);
            }
            let names = match &mut self.names {
                Some(names) => names,
                None => self.names.insert(self.reader.segments().into()),
            };
            let name = names.pop_front()?;
            let mut records = Vec::new();
            self.reader.read_segment(&name, &mut records);
            self.ready = records.into();
        }
    }
}
