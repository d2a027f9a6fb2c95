//! A file of the simulated machine.

use std::io;

use super::{Machine, died, full};
use crate::spool::disk::DiskFile;
use crate::spool::scan::ReadAt;

/// No kill comes between two bytes of one page.
const PAGE_BYTES: usize = 4096;

#[derive(Default)]
pub(super) struct Inode {
    /// As the processes see it.
    pub(super) data: Vec<u8>,
    /// As it was at the last sync.
    pub(super) durable: Vec<u8>,
    /// What happened since then.
    pub(super) pending: Vec<Change>,
    /// The process and the handle that hold the lock.
    pub(super) lock: Option<(u32, u64)>,
}

pub(super) enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Inode {
    pub(super) fn is_held_by(&self, process: u32) -> bool {
        self.lock.is_some_and(|(holder, _)| holder == process)
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        if !bytes.is_empty() {
            put(&mut self.data, at, bytes);
            self.pending.push(Change::Write(at, bytes.to_vec()));
        }
    }
}

pub(super) fn put(data: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if data.len() < at + bytes.len() {
        data.resize(at + bytes.len(), 0);
    }
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(super) struct SimFile {
    pub(super) machine: Machine,
    pub(super) process: u32,
    pub(super) inode: usize,
    pub(super) handle: u64,
}

impl SimFile {
    /// Writes as much as the disk and death allow, and returns how much that was.
    fn write(&self, at: Option<usize>, bytes: &[u8]) -> io::Result<usize> {
        let mut fs = self.machine.fs();
        let dies = fs.step(self.process)?;
        let at = at.unwrap_or(fs.inodes[self.inode].data.len());
        let taken = if dies {
            let page = (PAGE_BYTES - at % PAGE_BYTES).min(bytes.len());
            [0, page, bytes.len()][fs.dice.below(3) as usize]
        } else if fs.full {
            bytes.len() / 2
        } else {
            bytes.len()
        };
        fs.inodes[self.inode].write(at, &bytes[..taken]);
        fs.end(self.process, taken)
    }
}

impl ReadAt for SimFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        fs.end(self.process, ())?;
        fs.inodes[self.inode].data.as_slice().read_at(offset, into)
    }
}

impl DiskFile for SimFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write(None, bytes)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let taken = self.write(usize::try_from(offset).ok(), bytes)?;
        if taken == bytes.len() { Ok(()) } else { Err(full()) }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut fs = self.machine.fs();
        if fs.step_whole(self.process)? {
            let len = usize::try_from(len).unwrap();
            let inode = &mut fs.inodes[self.inode];
            inode.data.resize(len, 0);
            inode.pending.push(Change::SetLen(len));
        }
        fs.end(self.process, ())
    }

    fn len(&self) -> io::Result<u64> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        fs.end(self.process, fs.inodes[self.inode].data.len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        let mut fs = self.machine.fs();
        if fs.step(self.process)? {
            return Err(died());
        }
        let inode = &mut fs.inodes[self.inode];
        inode.durable.clone_from(&inode.data);
        inode.pending.clear();
        Ok(())
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let lock = &mut self.machine.fs().inodes[self.inode].lock;
        lock.take_if(|&mut (_, handle)| handle == self.handle);
    }
}
