//! What a command that could not run says: the file, what is wrong with it, and what to do.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::Failure;
use crate::output::chain;

/// Whether this can be the directory of a log.
pub(crate) fn check_log(path: &Path) -> Result<(), Failure> {
    let wanted = "--log takes the directory into which the server writes, with its lane-*.jsonl";
    let shown = path.display();
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(format!("{shown} is no directory: {wanted}").into()),
        Err(error) => Err(format!("{shown}: {error}: {wanted}").into()),
    }
}

/// The verification key could not be read.
pub(crate) fn key(path: &Path, error: &dyn Error) -> Failure {
    let wanted = "--key takes the file of the verification key that `keygen` has made";
    format!("{}: {}: {wanted}", path.display(), chain(error)).into()
}

/// The verification key has no place.
pub(crate) fn new_key(path: &Path, error: io::Error) -> Failure {
    let advice = match error.kind() {
        ErrorKind::AlreadyExists => "a key is never written over: name a new file",
        _ => "name a file in a directory that is there",
    };
    format!("{}: {error}: {advice}", path.display()).into()
}

/// The log could not be begun.
pub(crate) fn new_log(path: &Path, error: &dyn Error) -> Failure {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let advice = match source.map(io::Error::kind) {
        Some(ErrorKind::AlreadyExists) => {
            ": the directory has a log already, whose keys are not made anew: name another one"
        }
        Some(ErrorKind::PermissionDenied) => {
            ": the directory must be this user's, and nobody else's to read or write (mode 0700)"
        }
        _ => "",
    };
    format!("{}: {}{advice}", path.display(), chain(error)).into()
}
