//! Records of an audit log without a watch, for the suites and benches of this project: no part of
//! the public interface.

use crate::audit::Audit;

/// Records an operation that has ended. The body is a JSON object that starts with its `event_id`.
#[doc(hidden)]
pub fn append(audit: &Audit, body: &[u8]) {
    audit.append(body);
}

/// Records the beginning of an operation; false when it is refused.
#[doc(hidden)]
#[must_use]
pub fn begin(audit: &Audit, body: &[u8]) -> bool {
    audit.begin(body).is_ok()
}
