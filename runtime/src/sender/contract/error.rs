//! Why a batch was not taken.

use std::fmt;
use std::time::Duration;

use super::quota::Quota;

/// Why a destination did not take a batch. The kind decides what happens to the events.
///
/// ```
/// use toolwatch::destination::SendError;
/// let error = SendError::status(503).with_retry_after(std::time::Duration::from_secs(2));
/// assert_eq!(error.http_status(), Some(503));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    kind: Kind,
    retry_after: Option<Duration>,
    quota: Option<Quota>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Status(u16),
    /// A status that is the service's last word.
    Rejected(u16),
    /// A gRPC status, and whether it is the last word.
    #[cfg(feature = "otlp-grpc")]
    Grpc(u16, bool),
    Unreachable,
    Timeout,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the HTTP client makes it"))]
    SetUp,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the HTTP client makes it"))]
    Encode,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the HTTP client makes it"))]
    Closed,
    Panic,
}

impl SendError {
    /// The service answered with a status other than success.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::of(Kind::Status(status))
    }

    /// The service answered with a status after which these events must not be sent again, whatever
    /// the status would mean elsewhere: they are dropped, and counted by it.
    ///
    /// ```
    /// let error = toolwatch::destination::SendError::rejected(500);
    /// assert!(error.is_rejected() && error.http_status() == Some(500));
    /// ```
    #[must_use]
    pub const fn rejected(status: u16) -> Self {
        Self::of(Kind::Rejected(status))
    }

    /// The service answered with a gRPC status, after which the events may be sent again or not.
    #[cfg(feature = "otlp-grpc")]
    pub(crate) const fn grpc(code: u16, is_final: bool) -> Self {
        Self::of(Kind::Grpc(code, is_final))
    }

    /// The service could not be reached, or the connection broke.
    #[must_use]
    pub const fn unreachable() -> Self {
        Self::of(Kind::Unreachable)
    }

    /// The service did not answer in time.
    #[must_use]
    pub const fn timeout() -> Self {
        Self::of(Kind::Timeout)
    }

    #[cfg(feature = "http")]
    pub(crate) const fn set_up() -> Self {
        Self::of(Kind::SetUp)
    }

    #[cfg(feature = "http")]
    pub(crate) const fn encode() -> Self {
        Self::of(Kind::Encode)
    }

    #[cfg(feature = "http")]
    pub(crate) const fn closed() -> Self {
        Self::of(Kind::Closed)
    }

    pub(crate) const fn panic() -> Self {
        Self::of(Kind::Panic)
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, retry_after: None, quota: None }
    }

    /// Says when the service wants to be asked again.
    #[must_use]
    pub const fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Says what is left of the account's quota, as a service may tell that takes no more.
    #[must_use]
    pub const fn with_quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    /// What is left of the account's quota, when the service said so.
    #[must_use]
    pub const fn quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }

    /// The HTTP status, when the service answered with one.
    #[must_use]
    pub const fn http_status(&self) -> Option<u16> {
        match self.kind {
            Kind::Status(status) | Kind::Rejected(status) => Some(status),
            _ => None,
        }
    }

    /// The gRPC status, from 1 to 16, when the service answered with one.
    #[must_use]
    pub const fn grpc_status(&self) -> Option<u16> {
        match self.kind {
            #[cfg(feature = "otlp-grpc")]
            Kind::Grpc(code, _) => Some(code),
            _ => None,
        }
    }

    /// Whether the events must not be sent again.
    #[must_use]
    pub const fn is_rejected(&self) -> bool {
        match self.kind {
            Kind::Rejected(_) => true,
            #[cfg(feature = "otlp-grpc")]
            Kind::Grpc(_, is_final) => is_final,
            _ => false,
        }
    }

    /// When the service wants to be asked again, when it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the service did not answer in time.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, Kind::Timeout)
    }

    /// Whether the service could not be reached, or the connection broke.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self.kind, Kind::Unreachable)
    }

    /// Whether an event could not be written as JSON.
    #[must_use]
    pub const fn is_encode(&self) -> bool {
        matches!(self.kind, Kind::Encode)
    }

    /// Whether the client had been closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Status(status) | Kind::Rejected(status) => {
                write!(f, "the destination answered with status {status}")
            }
            #[cfg(feature = "otlp-grpc")]
            Kind::Grpc(code, _) => {
                write!(f, "the destination answered with gRPC status {code}")
            }
            Kind::Unreachable => f.write_str("the destination could not be reached"),
            Kind::Timeout => f.write_str("the destination did not answer in time"),
            Kind::SetUp => f.write_str("the HTTP client could not be made"),
            Kind::Encode => f.write_str("an event could not be written as JSON"),
            Kind::Closed => f.write_str("the client has been closed"),
            Kind::Panic => f.write_str("the destination panicked"),
        }
    }
}

impl std::error::Error for SendError {}
