//! One watch for the whole process, for servers that use the attribute alone.

use std::ops::Deref;
use std::sync::OnceLock;

use super::Watch;
use crate::error::Error;

static INSTALLED: OnceLock<Watch> = OnceLock::new();

pub(super) fn installed() -> Option<&'static Watch> {
    INSTALLED.get()
}

/// The installed watch. Keep it for as long as the server runs: dropping it shuts the watch down,
/// and waits at most 50 ms for that. What was not delivered by then stays in the spool.
///
/// ```
/// # fn main() -> Result<(), toolwatch::Error> {
/// let watch = toolwatch::Watch::disabled().install()?;
/// assert!(!watch.is_enabled());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it shuts the watch down"]
pub struct Installed(Watch);

impl Watch {
    /// Makes this the watch of every `#[watched_tool]` whose request carries none of its own.
    ///
    /// Install before the server builds its router: what a tool advertises is decided then.
    ///
    /// # Errors
    ///
    /// When a watch is installed already ([`Error::is_already_installed`]).
    pub fn install(self) -> Result<Installed, Error> {
        INSTALLED.set(self.clone()).map_err(|_| Error::already_installed())?;
        Ok(Installed(self))
    }
}

impl Deref for Installed {
    type Target = Watch;

    fn deref(&self) -> &Watch {
        &self.0
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.0.leave();
    }
}
