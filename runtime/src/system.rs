//! What more than one module asks of the operating system: private directories and files, and
//! whether files may grow at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// The largest file that the library may write, in bytes: a segment and its last record.
pub(crate) const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024 + 64 * 1024;

/// Makes a directory for this user alone, and those above it that are missing. A umask that takes
/// the user's own rights away does not count.
///
/// # Errors
/// Fails when one cannot be made, or there is something else under its name.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    // The first one that is there, then down again.
    let missing = directory.ancestors().take_while(|path| !path.as_os_str().is_empty());
    let missing: Vec<_> = missing.take_while(|path| !path.is_dir()).collect();
    for path in missing.into_iter().rev() {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(path) {
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            made => {
                made?;
                open_to_owner(path, 0o700)?;
            }
        }
    }
    Ok(())
}

/// Gives the owner of a new directory or file the rights that the umask took.
#[cfg(unix)]
fn open_to_owner(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::symlink_metadata(path)?.permissions().mode() & mode == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_to_owner(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Makes a new file that this user alone can read and write, whatever the umask is.
///
/// # Errors
/// Fails when there is such a file, or none can be made.
pub(crate) fn create_private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    let file = options.create_new(true).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o600 != 0o600 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// Refuses to write files where the system limits their size below [`MAX_FILE_BYTES`]: the write
/// that reaches the limit gets no error but a signal, SIGXFSZ, that ends the process.
///
/// # Errors
/// Fails with `FileTooLarge` when there is such a limit.
pub(crate) fn check_file_size_limit() -> io::Result<()> {
    match file_size_limit() {
        Some(limit) if limit < MAX_FILE_BYTES => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the system's limit on the size of files is too low for a spool",
        )),
        _ => Ok(()),
    }
}

/// The limit on the size of files, in bytes, where the system tells one in a file.
fn file_size_limit() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file size"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_with_those_above_it_and_again_is_fine() {
        let home = tempfile::tempdir().unwrap();
        let inside = home.path().join("a/b/c");
        make_directory(&inside).unwrap();
        make_directory(&inside).unwrap();
        assert!(inside.is_dir());
        fs::write(home.path().join("file"), "").unwrap();
        assert!(make_directory(&home.path().join("file/below")).is_err());
    }
}
