//! What an author plugs into a watch: who calls, what is left out, how much less is recorded.
//!
//! Each hook sees one request, without argument values, and none can harm a call: a panic costs
//! what the hook was asked for, and is counted.

mod identify;
mod lower;
mod options;
mod requests;
mod skip;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::capture::context::{CallerSessions, SessionResolver};
use crate::error::Error;

use identify::IdentifyHook;
pub(crate) use identify::Identifying;
pub use identify::IdentityLevel;
pub use lower::FieldInfo;
use lower::Lower;
use skip::Skip;

/// How long a caller may be quiet before its next request counts as another session, as analytics
/// have it by custom.
const DEFAULT_SESSION_GAP: Duration = Duration::from_secs(30 * 60);

/// How long an identity is waited for, beside the call. No call waits for it.
const DEFAULT_IDENTIFY_TIMEOUT: Duration = Duration::from_millis(100);

/// The hooks of one watch, and what they have to remember.
pub(super) struct Hooks {
    resolver: Option<Arc<SessionResolver>>,
    session_gap: Duration,
    callers: CallerSessions,
    identify: Option<Arc<IdentifyHook>>,
    identity_level: IdentityLevel,
    identify_timeout: Duration,
    skip: Skip,
    lower: Option<Lower>,
}

impl Default for Hooks {
    fn default() -> Self {
        Self {
            resolver: None,
            session_gap: DEFAULT_SESSION_GAP,
            callers: CallerSessions::default(),
            identify: None,
            identity_level: IdentityLevel::default(),
            identify_timeout: DEFAULT_IDENTIFY_TIMEOUT,
            skip: Skip::default(),
            lower: None,
        }
    }
}

impl Hooks {
    /// Whether there is a resolver, how callers are identified, and whether levels are lowered.
    pub(super) fn describe(&self) -> (bool, String, bool) {
        let identify = match &self.identify {
            Some(_) => format!("as {:?}", self.identity_level),
            None => "no".to_owned(),
        };
        (self.resolver.is_some(), identify, self.lower.is_some())
    }

    /// Rejects options outside their bounds.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.session_gap.is_zero() {
            return Err(Error::configuration("session_gap must be longer than zero"));
        }
        if self.identify_timeout.is_zero() {
            return Err(Error::configuration("identify_timeout must be longer than zero"));
        }
        Ok(())
    }
}

/// Names that the author wrote, and whether there are hooks.
impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("session_resolver", &self.resolver.is_some())
            .field("session_gap", &self.session_gap)
            .field("identify", &self.identify.is_some())
            .field("identity_level", &self.identity_level)
            .field("identify_timeout", &self.identify_timeout)
            .field("skip", &self.skip)
            .field("lower", &self.lower.is_some())
            .finish_non_exhaustive()
    }
}
