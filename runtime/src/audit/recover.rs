//! What a start finds of writers that are gone: the ends of their lanes, and what was under way.
//!
//! The keys of a writer are gone with it, so nobody can add to its lane. The next writer cuts a torn
//! line off and says in its own lane where the other one ends, also of one that was closed in order:
//! it cannot tell a close record from a line that looks like one, and what it says is sealed.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::hex;
use super::lane::{Lane, parse_name, segment_name};
use super::record::{self, Header, Kind, Line, MAX_LINE_BYTES};
use crate::event::write_natural;
use crate::spool::{Disk, DiskFile, Writes};

/// Operations of one dead writer that are reported one by one; all are counted.
const MAX_REPORTED: usize = 256;
/// Operations of one writer under way at once that are followed.
const MAX_BEGUN: usize = 65_536;
const CHUNK_BYTES: usize = 256 * 1024;

/// A UUID as records spell it.
pub(super) type EventId = [u8; 36];
/// Operations that have begun and not ended, with the `seq` of their records.
pub(super) type Begun = HashMap<EventId, u64>;

/// The end of a lane, as it was found.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) size: u64,
    pub(super) head: [u8; 32],
    pub(super) torn_bytes: u64,
    pub(super) is_closed: bool,
    /// Operations that had begun and have not ended: `seq` and `event_id` of their records.
    pub(super) begun: Vec<(u64, EventId)>,
}

/// Looks at a lane, and cuts what a dead writer has torn. `None` while it lives.
///
/// # Errors
/// Fails when the lane cannot be read or cut.
pub(super) fn inspect(
    disk: &dyn Disk,
    directory: &Path,
    writer_id: u32,
) -> io::Result<Option<End>> {
    let segments = segments_of(disk, directory, writer_id)?;
    // A writer holds the lock of its last segment, and lets go of it when the next has its name.
    let mut files: Vec<Arc<dyn DiskFile>> = Vec::new();
    for segment in &segments {
        let path = directory.join(segment_name(writer_id, *segment));
        match disk.adopt(&path, Writes::AtTheEnd)? {
            Some(file) => files.push(file),
            None => return Ok(None),
        }
    }
    if segments_of(disk, directory, writer_id)? != segments {
        return Ok(None);
    }
    let Some(last) = files.last() else { return Ok(Some(End::default())) };
    if let Some(end) = closed_end(&**last)? {
        last.sync()?;
        return Ok(Some(end));
    }
    let (mut end, mut begun) = (End::default(), Begun::new());
    for file in &files {
        read_segment(&**file, &mut end, &mut begun)?;
    }
    if end.torn_bytes > 0 {
        last.set_len(last.len()?.saturating_sub(end.torn_bytes))?;
    }
    // What is told of the lane must not outlive it in a power loss.
    last.sync()?;
    end.begun = begun.into_iter().map(|(id, seq)| (seq, id)).collect();
    end.begun.sort_unstable();
    Ok(Some(end))
}

fn segments_of(disk: &dyn Disk, directory: &Path, writer_id: u32) -> io::Result<BTreeSet<u32>> {
    let names = disk.list(directory)?.into_iter().filter_map(|(name, _)| parse_name(&name));
    Ok(names.filter(|(id, _)| *id == writer_id).map(|(_, segment)| segment).collect())
}

/// The end of a lane whose last line closes it. Close records are short.
fn closed_end(file: &dyn DiskFile) -> io::Result<Option<End>> {
    let mut tail = [0; 2048];
    let start = file.len()?.saturating_sub(tail.len() as u64);
    let have = crate::spool::read_full(file, start, &mut tail)?;
    let Some(lines) = tail[..have].strip_suffix(b"\n") else { return Ok(None) };
    let last = lines.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = Line::parse(last).filter(|line| line.header.kind == Kind::Closed);
    Ok(line.map(|line| End {
        size: line.header.seq.saturating_add(1),
        head: record::digest(last),
        is_closed: true,
        ..End::default()
    }))
}

/// Goes over the lines of a segment. What is damaged in it is for the verifier to tell.
fn read_segment(file: &dyn DiskFile, end: &mut End, begun: &mut Begun) -> io::Result<()> {
    let (mut offset, mut have) = (0, Vec::new());
    // Bytes of a line that is too long for a record, and is not kept.
    let mut long = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read_at(offset, &mut chunk)?;
        if read == 0 {
            break;
        }
        offset += read as u64;
        have.extend_from_slice(&chunk[..read]);
        let whole = have.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let mut last = None;
        for bytes in have[..whole].split_inclusive(|&byte| byte == b'\n') {
            let bytes = &bytes[..bytes.len() - 1];
            let is_long = std::mem::take(&mut long) > 0 || bytes.len() > MAX_LINE_BYTES;
            if let (false, Some(line)) = (is_long, Line::parse(bytes)) {
                follow(&line.header, line.body, begun);
                last = Some((line.header.seq, bytes));
            }
        }
        if let Some((seq, bytes)) = last {
            (end.size, end.head) = (seq.saturating_add(1), record::digest(bytes));
        }
        have.drain(..whole);
        if long > 0 || have.len() > MAX_LINE_BYTES {
            long += have.len() as u64;
            have.clear();
        }
    }
    end.torn_bytes = long + have.len() as u64;
    Ok(())
}

/// Keeps account of what is under way. At a start the keys of the lane are gone, so nothing says whether
/// a line is what its writer wrote: the verifier keeps the same account of the records that are, and
/// compares.
pub(super) fn follow(header: &Header, body: &[u8], begun: &mut Begun) {
    match (header.kind, event_id(body)) {
        (Kind::Begun, Some(id)) if begun.len() < MAX_BEGUN => {
            begun.insert(id, header.seq);
        }
        (Kind::Event, Some(id)) => {
            begun.remove(&id);
        }
        _ => {}
    }
}

/// The id with which the body of an operation begins, when it has the spelling of one.
pub(super) fn event_id(body: &[u8]) -> Option<EventId> {
    let (id, rest) = body.strip_prefix(b"{\"event_id\":\"")?.split_first_chunk::<36>()?;
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    (id.iter().enumerate().all(fits) && rest.first() == Some(&b'"')).then_some(*id)
}

/// Looks after these writers, of whom nobody has seen the end. Returns those who need not be looked
/// after again: not the living, and not those whose end could not be read or recorded now.
pub(super) fn recover(
    disk: &dyn Disk,
    directory: &Path,
    open: Vec<u32>,
    lane: &mut Lane,
    wall: std::time::SystemTime,
) -> Vec<u32> {
    let mut look = |writer_id: u32| match inspect(disk, directory, writer_id)? {
        None => Ok(false),
        Some(end) => report(writer_id, &end, lane, wall).map(|()| true),
    };
    let is_done = |writer_id: &u32| {
        look(*writer_id).unwrap_or_else(|error: io::Error| {
            tracing::debug!(%error, "the end of an audit lane could not be recorded");
            false
        })
    };
    open.into_iter().filter(is_done).collect()
}

fn report(
    writer_id: u32,
    end: &End,
    lane: &mut Lane,
    wall: std::time::SystemTime,
) -> io::Result<()> {
    let mut body = b"{\"writer_id\":".to_vec();
    write_natural(writer_id.into(), &mut body);
    body.extend_from_slice(b",\"size\":");
    write_natural(end.size, &mut body);
    body.extend_from_slice(b",\"head\":\"");
    hex::append(&end.head, &mut body);
    body.extend_from_slice(b"\",\"torn_bytes\":");
    write_natural(end.torn_bytes, &mut body);
    if !end.is_closed {
        body.extend_from_slice(b",\"interrupted\":");
        write_natural(end.begun.len() as u64, &mut body);
    }
    body.push(b'}');
    lane.write(Kind::Recovered, &body, wall)?;
    for (seq, id) in end.begun.iter().take(MAX_REPORTED) {
        body.clear();
        body.extend_from_slice(b"{\"event_id\":\"");
        body.extend_from_slice(id);
        body.extend_from_slice(b"\",\"writer_id\":");
        write_natural(writer_id.into(), &mut body);
        body.extend_from_slice(b",\"seq\":");
        write_natural(*seq, &mut body);
        body.push(b'}');
        lane.write(Kind::Interrupted, &body, wall)?;
    }
    Ok(())
}
