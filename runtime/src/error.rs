//! The one error type of the crate: opaque, with predicates, never with user data or secrets.

use std::fmt;

/// Why an operation of toolwatch itself failed.
///
/// No error of this type ever reaches a tool call: capture counts its own faults instead.
///
/// ```
/// # #[cfg(feature = "http")] {
/// let error = toolwatch::destination::IngestClient::builder("not a url", "key").build().unwrap_err();
/// assert!(error.is_configuration());
/// # }
/// ```
pub struct Error {
    kind: Kind,
    message: &'static str,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration,
    Installed,
    Storage,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only the HTTP client makes it"))]
    Tls,
    Delivery,
    Thread,
}

impl Error {
    /// A setting that cannot work.
    pub(crate) const fn configuration(message: &'static str) -> Self {
        Self { kind: Kind::Configuration, message, source: None }
    }

    /// A setting that cannot work for one tool.
    pub(crate) fn of_tool(message: &'static str, tool: &str, why: &str) -> Self {
        let source = Some(format!("`{tool}` {why}").into());
        Self { kind: Kind::Configuration, message, source }
    }

    /// A name of the author's that cannot be recorded.
    pub(crate) fn of_name(message: &'static str, name: &str, why: &str) -> Self {
        let source = Some(format!("`{name}`: {why}").into());
        Self { kind: Kind::Configuration, message, source }
    }

    /// What a self-check found.
    pub(crate) fn self_check(warning: &str) -> Self {
        let message = "the self-check found something";
        Self { kind: Kind::Configuration, message, source: Some(warning.into()) }
    }

    /// A second watch for the whole process.
    pub(crate) const fn already_installed() -> Self {
        Self {
            kind: Kind::Installed,
            message: "a watch is installed already; a process has one",
            source: None,
        }
    }

    /// A file or directory that cannot be used.
    pub(crate) fn storage(message: &'static str, source: std::io::Error) -> Self {
        Self { kind: Kind::Storage, message, source: Some(Box::new(source)) }
    }

    /// A TLS set-up that cannot be made.
    #[cfg(feature = "http")]
    pub(crate) fn tls(
        message: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { kind: Kind::Tls, message, source: Some(Box::new(source)) }
    }

    /// A destination that refuses to take events.
    pub(crate) fn delivery(
        message: &'static str,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { kind: Kind::Delivery, message, source: Some(Box::new(source)) }
    }

    /// A thread that the system did not give.
    pub(crate) fn thread(message: &'static str, source: std::io::Error) -> Self {
        Self { kind: Kind::Thread, message, source: Some(Box::new(source)) }
    }

    /// Whether a setting is the cause.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(self.kind, Kind::Configuration)
    }

    /// Whether a watch was installed already.
    #[must_use]
    pub const fn is_already_installed(&self) -> bool {
        matches!(self.kind, Kind::Installed)
    }

    /// Whether a file or directory is the cause.
    #[must_use]
    pub const fn is_storage(&self) -> bool {
        matches!(self.kind, Kind::Storage)
    }

    /// Whether the set-up of TLS is the cause.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        matches!(self.kind, Kind::Tls)
    }

    /// Whether a destination refuses to take events.
    #[must_use]
    pub const fn is_delivery(&self) -> bool {
        matches!(self.kind, Kind::Delivery)
    }

    /// Whether the system gave no thread.
    #[must_use]
    pub const fn is_thread(&self) -> bool {
        matches!(self.kind, Kind::Thread)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.kind).field("message", &self.message);
        if let Some(source) = &self.source {
            debug.field("source", &format_args!("{source}"));
        }
        debug.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
