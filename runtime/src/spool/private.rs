//! Which files and directories are this user's alone. Every refusal says what is wrong, and names no
//! path.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// The error for what other users could have planted or can read.
pub(super) fn refused(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}

/// Whether an error is one of ours about such a file, and not the system's.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// Others may list the directory, which tells them random names; they must not add to it.
pub(super) fn check_directory(found: &Metadata) -> io::Result<()> {
    if found.is_symlink() {
        Err(refused("the directory is a symbolic link"))
    } else if !found.is_dir() {
        Err(refused("the directory is a file"))
    } else if is_writable_by_others(found) {
        Err(refused("other users can write to the directory"))
    } else {
        Ok(())
    }
}

/// A file must have one name, and nobody else may read or write it.
pub(super) fn check_file(found: &Metadata) -> io::Result<()> {
    if found.is_symlink() {
        Err(refused("a file is a symbolic link"))
    } else if !found.is_file() {
        Err(refused("a file is none"))
    } else if !is_private(found) {
        Err(refused("other users can read or write a file"))
    } else if !has_one_name(found) {
        Err(refused("a file has a second name"))
    } else {
        Ok(())
    }
}

/// Opens a file that is private, as [`check_file`] says, and has stayed the one that was looked at.
pub(super) fn open_checked(path: &Path, options: &OpenOptions) -> io::Result<File> {
    check_file(&fs::symlink_metadata(path)?)?;
    let file = options.open(path)?;
    if is_same_file(path, &file)? { Ok(file) } else { Err(refused("a file was exchanged")) }
}

/// Opens such a file for reading, which must belong to the owner of this directory.
#[cfg(feature = "audit")]
pub(crate) fn open_private(path: &Path, directory: &Path) -> io::Result<File> {
    let file = open_checked(path, OpenOptions::new().read(true))?;
    check_owner(&fs::metadata(directory)?, &file.metadata()?)?;
    Ok(file)
}

#[cfg(unix)]
fn is_private(found: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 == 0
}

#[cfg(unix)]
fn is_writable_by_others(found: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o022 != 0
}

#[cfg(unix)]
fn has_one_name(found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) == 1
}

/// The file that we made belongs to us; a directory of another user does not.
#[cfg(unix)]
pub(super) fn check_owner(directory: &Metadata, file: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if directory.uid() == file.uid() {
        Ok(())
    } else {
        Err(refused("the directory or a file in it belongs to another user"))
    }
}

/// Whether the path still names the opened file, and names it directly.
#[cfg(unix)]
pub(super) fn is_same_file(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let named = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        named => named?,
    };
    let opened = file.metadata()?;
    Ok(named.dev() == opened.dev() && named.ino() == opened.ino())
}

// On other systems a file of the user's profile is private by its directory's access list.
#[cfg(not(unix))]
fn is_private(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_writable_by_others(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn check_owner(_: &Metadata, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn is_same_file(path: &Path, _: &File) -> io::Result<bool> {
    path.try_exists()
}
