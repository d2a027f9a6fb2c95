//! Whose fault an error is, said by the tool's author with a type.

use std::error::Error;
use std::fmt;

use rmcp::handler::server::wrapper::Json;
use rmcp::model::{ContentBlock, IntoContents};

use crate::event::Side;

/// An error type that knows whose fault an error is.
///
/// Implement it on the `E` of a watched tool's `Result<T, E>`. A tool that says nothing is told by
/// the protocol: arguments that do not fit, and the JSON-RPC codes for them, are the caller's
/// fault, and every other error is one of execution. A panic in `side` costs only what it would have
/// said.
///
/// ```
/// use toolwatch::Blame;
/// use toolwatch::event::Side;
///
/// enum SearchError {
///     NoSuchIndex,
///     Database(std::io::Error),
/// }
///
/// impl Blame for SearchError {
///     fn side(&self) -> Side {
///         match self {
///             Self::NoSuchIndex => Side::Caller,
///             Self::Database(_) => Side::Execution,
///         }
///     }
/// }
/// # assert_eq!(SearchError::NoSuchIndex.side(), Side::Caller);
/// # let _ = SearchError::Database(std::io::Error::other("")).side();
/// ```
///
/// [`Blamed`] says it of an error whose type is not yours. An `ErrorData` of rmcp speaks by its code.
pub trait Blame {
    /// Whose fault this error is.
    fn side(&self) -> Side;
}

impl<T: Blame + ?Sized> Blame for &T {
    fn side(&self) -> Side {
        (**self).side()
    }
}

impl<T: Blame + ?Sized> Blame for Box<T> {
    fn side(&self) -> Side {
        (**self).side()
    }
}

impl<T: Blame> Blame for Json<T> {
    fn side(&self) -> Side {
        self.0.side()
    }
}

/// An error of any type, and whose fault it is.
///
/// It reads and replies as the error within. `?` makes it an error of execution, so only the
/// caller's faults have to be marked.
///
/// ```
/// use toolwatch::Blamed;
///
/// fn read(name: &str) -> Result<String, Blamed<String>> {
///     if name.is_empty() {
///         return Err(Blamed::caller("which file?".to_owned()));
///     }
///     Ok(std::fs::read_to_string(name).map_err(|error| error.to_string())?)
/// }
/// # use toolwatch::{Blame, event::Side};
/// # assert_eq!(read("").unwrap_err().side(), Side::Caller);
/// # assert_eq!(read("/nowhere/at/all").unwrap_err().side(), Side::Execution);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Blamed<E> {
    error: E,
    side: Side,
}

impl<E> Blamed<E> {
    /// An error that the model or its client made.
    #[must_use]
    pub const fn caller(error: E) -> Self {
        Self { error, side: Side::Caller }
    }

    /// An error of the server, or of something that it depends on.
    #[must_use]
    pub const fn execution(error: E) -> Self {
        Self { error, side: Side::Execution }
    }

    /// The error within.
    pub const fn get(&self) -> &E {
        &self.error
    }

    /// Takes the error out.
    #[must_use]
    pub fn into_inner(self) -> E {
        self.error
    }
}

impl<E> Blame for Blamed<E> {
    fn side(&self) -> Side {
        self.side
    }
}

impl<E> From<E> for Blamed<E> {
    fn from(error: E) -> Self {
        Self::execution(error)
    }
}

// The compiler lists the types of several crates in an order that changes with the place of the sources.
#[diagnostic::do_not_recommend]
impl<E: IntoContents> IntoContents for Blamed<E> {
    fn into_contents(self) -> Vec<ContentBlock> {
        self.error.into_contents()
    }
}

/// The error's own, because toolwatch tells errors apart by the variants that `Debug` names.
impl<E: fmt::Debug> fmt::Debug for Blamed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: fmt::Display> fmt::Display for Blamed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Error> Error for Blamed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
