//! What a power loss leaves.
//!
//! Of a file: its state at its last sync, and of what was written since any set of sectors, with
//! zeros or garbage where a sector is missing, at any length that it had on the way. Of a name: any
//! state that it had since the last sync of its directory. Of a directory whose parent was not
//! synced since it was made: all or nothing. Files and names are independent of each other, so that
//! every order is met.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{Change, Inode, put};
use super::{Dice, Fs, Machine};

/// What a device writes whole or not at all.
const SECTOR_BYTES: usize = 512;

impl Machine {
    /// Ends every process, and loses what is not durable.
    pub(crate) fn lose_power(&self) {
        let fs = &mut *self.fs();
        (1..=fs.processes).for_each(|process| fs.kill(process));
        fs.fuse = None;
        fs.power_is_gone = false;
        let inodes = fs.inodes.iter_mut().filter(|inode| !inode.pending.is_empty());
        inodes.for_each(|inode| inode.lose(&mut fs.dice));
        fs.lose_names();
    }
}

impl Machine {
    /// The files, and their bytes, whose removal was the last thing that a process did.
    pub(crate) fn take_last_removed(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let fs = &mut *self.fs();
        let removed = std::mem::take(&mut fs.last_removed).into_iter();
        removed.map(|(path, inode)| (path, fs.inodes[inode].data.clone())).collect()
    }
}

impl Inode {
    fn lose(&mut self, dice: &mut Dice) {
        let kept = [0, 50, 90, 100][dice.below(4) as usize];
        let garbage = dice.chance(30);
        let mut image = std::mem::take(&mut self.durable);
        for change in self.pending.drain(..) {
            match change {
                Change::Write(at, bytes) => lose_write(&mut image, at, &bytes, dice, kept, garbage),
                Change::SetLen(len) if dice.chance(kept) => image.resize(len, 0),
                Change::SetLen(_) => {}
            }
        }
        self.durable.clone_from(&image);
        self.data = image;
    }
}

fn lose_write(
    image: &mut Vec<u8>,
    at: usize,
    bytes: &[u8],
    dice: &mut Dice,
    kept: u64,
    garbage: bool,
) {
    let mut done = 0;
    while done < bytes.len() {
        let from = at + done;
        let len = (SECTOR_BYTES - from % SECTOR_BYTES).min(bytes.len() - done);
        if dice.chance(kept) {
            put(image, from, &bytes[done..done + len]);
        } else if image.len() < from + len && dice.chance(50) {
            // The new length is durable, the contents are not.
            let filler = if garbage { dice.below(256) as u8 } else { 0 };
            image.resize(from + len, filler);
        }
        done += len;
    }
}

impl Fs {
    pub(super) fn remove(&mut self, process: u32, path: &Path) -> io::Result<()> {
        let dies = self.step(process)?;
        let happens = !dies || self.dice.chance(50);
        let inode = *self.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        if happens {
            self.last_removed.extend(dies.then(|| (path.to_owned(), inode)));
            self.set_name(path, None);
        }
        self.end(process, ())
    }

    pub(super) fn sync_directory(&mut self, directory: &Path) {
        let (done, pending): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending_names)
            .into_iter()
            .partition(|(path, _)| path.parent() == Some(directory));
        self.pending_names = pending;
        done.into_iter().for_each(|(path, inode)| name(&mut self.durable_names, &path, inode));
        let below =
            self.directories.iter_mut().filter(|(path, _)| path.parent() == Some(directory));
        below.for_each(|(_, durable)| *durable = true);
    }

    fn lose_names(&mut self) {
        // A change survives alone together with those of the same name before it.
        let mut lost = BTreeMap::new();
        let kept = [0, 50, 90, 100][self.dice.below(4) as usize];
        for (path, inode) in std::mem::take(&mut self.pending_names) {
            let is_lost = lost.entry(path.clone()).or_insert(false);
            *is_lost |= !self.dice.chance(kept);
            if !*is_lost {
                name(&mut self.durable_names, &path, inode);
            }
        }
        let dice = &mut self.dice;
        self.directories.retain(|_, durable| *durable || dice.chance(50));
        let directories = &mut self.directories;
        directories.values_mut().for_each(|durable| *durable = true);
        self.durable_names
            .retain(|path, _| path.parent().is_some_and(|parent| directories.contains_key(parent)));
        self.names.clone_from(&self.durable_names);
    }
}

fn name(names: &mut BTreeMap<PathBuf, usize>, path: &Path, inode: Option<usize>) {
    match inode {
        Some(inode) => names.insert(path.to_owned(), inode),
        None => names.remove(path),
    };
}
