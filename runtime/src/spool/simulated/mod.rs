//! A machine with a file system in memory that loses its processes and its power on demand.
//!
//! What is written stands in the page cache until it is synced. A killed process leaves the cache
//! as it is: of the write in which it died, the pages up to any boundary. A power loss is told in
//! `loss`.

mod file;
mod loss;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crate::spool::disk::{Disk, DiskFile, Writes};
use crate::sync::{Mutex, MutexGuard};
use file::{Inode, SimFile};

/// Random numbers that a seed repeats.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `bound`, by splitmix64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The machine, which outlives its processes.
#[derive(Clone)]
pub(crate) struct Machine(Arc<Mutex<Fs>>);

/// The disk as one process sees it.
#[derive(Clone)]
pub(crate) struct SimDisk {
    machine: Machine,
    pub(crate) process: u32,
}

struct Fs {
    dice: Dice,
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    /// The names that a power loss leaves.
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names since the last sync of their directory, in order.
    pending_names: Vec<(PathBuf, Option<usize>)>,
    /// The directories, and whether a power loss leaves them.
    directories: BTreeMap<PathBuf, bool>,
    processes: u32,
    handles: u64,
    dead: BTreeSet<u32>,
    /// Operations until a process dies in one, and whether all others die with it.
    fuse: Option<(u64, bool)>,
    /// Operations that may still be made; with none left something runs in circles.
    budget: u64,
    full: bool,
    power_is_gone: bool,
    /// Files that were removed by a process that died in it.
    last_removed: Vec<(PathBuf, usize)>,
}

fn died() -> io::Error {
    io::Error::other("the process is dead")
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

impl Machine {
    pub(crate) fn new(dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(Fs {
            dice,
            inodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            pending_names: Vec::new(),
            directories: BTreeMap::new(),
            processes: 0,
            handles: 0,
            dead: BTreeSet::new(),
            fuse: None,
            budget: u64::MAX,
            full: false,
            power_is_gone: false,
            last_removed: Vec::new(),
        })))
    }

    fn fs(&self) -> MutexGuard<'_, Fs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk of a new process.
    pub(crate) fn start(&self) -> SimDisk {
        let mut fs = self.fs();
        fs.processes += 1;
        SimDisk { machine: self.clone(), process: fs.processes }
    }

    /// Lets whoever makes the `operations`th operation from now die in it: alone, or everybody.
    /// Returns what was left of the fuse before.
    pub(crate) fn set_fuse(&self, fuse: Option<(u64, bool)>) -> Option<(u64, bool)> {
        std::mem::replace(&mut self.fs().fuse, fuse)
    }

    /// Whether a fuse has ended everybody since the last power loss.
    pub(crate) fn power_is_gone(&self) -> bool {
        self.fs().power_is_gone
    }

    pub(crate) fn set_budget(&self, operations: u64) {
        self.fs().budget = operations;
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.fs().full = full;
    }

    pub(crate) fn kill(&self, process: u32) {
        self.fs().kill(process);
    }

    pub(crate) fn is_dead(&self, process: u32) -> bool {
        self.fs().dead.contains(&process)
    }

    /// The names of the files.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.fs().names.keys().cloned().collect()
    }
}

impl Fs {
    /// Begins an operation. True when the process dies in it.
    fn step(&mut self, process: u32) -> io::Result<bool> {
        if self.dead.contains(&process) {
            return Err(died());
        }
        self.budget = self.budget.checked_sub(1).expect("the spool runs in circles");
        match self.fuse {
            Some((0, everybody)) => {
                self.fuse = None;
                self.power_is_gone = everybody;
                let all = if everybody { 1..=self.processes } else { process..=process };
                all.for_each(|process| self.kill(process));
                Ok(true)
            }
            Some((left, everybody)) => {
                self.fuse = Some((left - 1, everybody));
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// Begins an operation that happens whole or not at all; false when it does not.
    fn step_whole(&mut self, process: u32) -> io::Result<bool> {
        Ok(!self.step(process)? || self.dice.chance(50))
    }

    /// Ends an operation that the process may have died in.
    fn end<T>(&self, process: u32, result: T) -> io::Result<T> {
        if self.dead.contains(&process) { Err(died()) } else { Ok(result) }
    }

    fn kill(&mut self, process: u32) {
        self.dead.insert(process);
        let held = self.inodes.iter_mut().filter(|inode| inode.is_held_by(process));
        held.for_each(|inode| inode.lock = None);
    }

    fn set_name(&mut self, path: &Path, inode: Option<usize>) {
        match inode {
            Some(inode) => self.names.insert(path.to_owned(), inode),
            None => self.names.remove(path),
        };
        self.pending_names.push((path.to_owned(), inode));
    }

    fn make(&mut self, path: &Path) -> usize {
        self.inodes.push(Inode::default());
        self.set_name(path, Some(self.inodes.len() - 1));
        self.inodes.len() - 1
    }
}

impl SimDisk {
    fn open(&self, fs: &mut Fs, inode: usize, locked: bool) -> Arc<dyn DiskFile> {
        fs.handles += 1;
        let handle = fs.handles;
        if locked {
            fs.inodes[inode].lock = Some((self.process, handle));
        }
        let (machine, process) = (self.machine.clone(), self.process);
        Arc::new(SimFile { machine, process, inode, handle })
    }
}

impl Disk for SimDisk {
    fn prepare(&self, directory: &Path) -> io::Result<bool> {
        let mut fs = self.machine.fs();
        let is_new = !fs.directories.contains_key(directory);
        if is_new && fs.step_whole(self.process)? {
            fs.directories.insert(directory.to_owned(), false);
        }
        fs.end(self.process, is_new)
    }

    fn check(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        if !fs.directories.contains_key(directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = fs.names.iter().filter(|(path, _)| path.parent() == Some(directory));
        let files = inside.map(|(path, &inode)| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs.inodes[inode].data.len() as u64)
        });
        fs.end(self.process, files.collect())
    }

    fn create(&self, path: &Path, _: Writes) -> io::Result<Arc<dyn DiskFile>> {
        let mut fs = self.machine.fs();
        if !path.parent().is_some_and(|parent| fs.directories.contains_key(parent)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let happens = fs.step_whole(self.process)?;
        if fs.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = happens.then(|| fs.make(path));
        fs.end(self.process, ())?;
        inode.map(|inode| self.open(&mut fs, inode, true)).ok_or_else(died)
    }

    fn adopt(&self, path: &Path, _: Writes) -> io::Result<Option<Arc<dyn DiskFile>>> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        fs.end(self.process, ())?;
        let free = fs.names.get(path).copied().filter(|&inode| fs.inodes[inode].lock.is_none());
        Ok(free.map(|inode| self.open(&mut fs, inode, true)))
    }

    fn peruse(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        fs.end(self.process, ())?;
        let inode = fs.names.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(self.open(&mut fs, inode, false))
    }

    fn open_ack(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut fs = self.machine.fs();
        let happens = fs.step_whole(self.process)?;
        if fs.full {
            return Err(full());
        }
        let inode = match fs.names.get(path) {
            Some(&inode) => inode,
            None if happens => fs.make(path),
            None => return Err(died()),
        };
        fs.end(self.process, ())?;
        Ok(self.open(&mut fs, inode, false))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.machine.fs().remove(self.process, path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let mut fs = self.machine.fs();
        fs.step(self.process)?;
        fs.end(self.process, ())?;
        fs.sync_directory(directory);
        Ok(())
    }
}
