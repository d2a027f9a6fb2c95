//! What the spool needs from a file system, so that tests can simulate one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::scan::ReadAt;

/// Where the writes of a locked file go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// Behind everything that is there.
    AtTheEnd,
    /// To positions: some systems ignore the position in a file that is opened for appending.
    AtPositions,
}

/// A directory of segments. Implementations must refuse files that other users could have planted.
pub(crate) trait Disk: Send + Sync {
    /// Makes the directory for this user alone, or checks the one that is there. True when it was
    /// made.
    ///
    /// # Errors
    /// Fails when it cannot be made, and with `PermissionDenied` when it is not safe.
    fn prepare(&self, directory: &Path) -> io::Result<bool>;

    /// Checks the directory without making it. One that is not there is fine.
    ///
    /// # Errors
    /// Fails with `PermissionDenied` when it is not safe.
    fn check(&self, directory: &Path) -> io::Result<()>;

    /// The files of the directory, with their lengths.
    ///
    /// # Errors
    /// Fails when the directory cannot be read.
    fn list(&self, directory: &Path) -> io::Result<Vec<(String, u64)>>;

    /// Makes a new file and locks it.
    ///
    /// # Errors
    /// Fails when there is such a file, or none can be made.
    fn create(&self, path: &Path, writes: Writes) -> io::Result<Arc<dyn DiskFile>>;

    /// Locks a file that is there; `None` when a living process holds it or it is gone.
    ///
    /// # Errors
    /// Fails when it cannot be opened, and with `PermissionDenied` when it is not safe.
    fn adopt(&self, path: &Path, writes: Writes) -> io::Result<Option<Arc<dyn DiskFile>>>;

    /// Opens a file for reading, whoever holds it.
    ///
    /// # Errors
    /// Fails when it is gone or cannot be opened.
    fn peruse(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for writing at positions; makes it when it is not there.
    ///
    /// # Errors
    /// Fails when it can be neither opened nor made.
    fn open_ack(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Removes a file.
    ///
    /// # Errors
    /// Fails when it cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names of new files durable.
    ///
    /// # Errors
    /// Fails when the directory cannot be synced.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// An open file of the spool. All methods take `&self`: the sender reads while callers append.
pub(crate) trait DiskFile: ReadAt + Send + Sync {
    /// Appends with one write, and tells how much was taken.
    ///
    /// # Errors
    /// Fails when nothing was taken.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes at a position.
    ///
    /// # Errors
    /// Fails when not everything was written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// Fails when it cannot be cut.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// The length of the file.
    ///
    /// # Errors
    /// Fails when it cannot be told.
    fn len(&self) -> io::Result<u64>;

    /// Ends the lock. Closing the file does so as well, unless a copy of the process has it open.
    fn unlock(&self) {}

    /// Makes the contents durable.
    ///
    /// # Errors
    /// Fails when the device does not confirm it.
    fn sync(&self) -> io::Result<()>;
}
