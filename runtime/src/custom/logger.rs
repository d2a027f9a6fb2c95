//! Messages to the client, for as long as the protocol still has them.

#![expect(deprecated, reason = "older protocol versions still use what newer ones deprecate")]

use std::fmt;

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::Value;

use crate::capture::context::{ClientLevel, is_stateless};

/// How severe a message is: the levels of RFC 5424, which MCP has.
///
/// ```
/// use toolwatch::LogLevel;
/// assert!(LogLevel::Emergency > LogLevel::Error && LogLevel::Notice > LogLevel::Info);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Details for who debugs.
    Debug,
    /// What goes on.
    Info,
    /// What is normal and worth a note.
    Notice,
    /// What may become an error.
    Warning,
    /// A failed operation.
    Error,
    /// A failed part of the server.
    Critical,
    /// Somebody has to act at once.
    Alert,
    /// The server is of no use.
    Emergency,
}

/// Sends log messages to the client (`notifications/message`), an extractor for tools and prompts.
///
/// MCP deprecates protocol logging (SEP-2577): use it for clients that show these messages, and
/// stderr or OpenTelemetry for everything else. It honours the client's level: in protocol versions
/// with a handshake that of `logging/setLevel`, which a wrapped server ([`Watch::wrap`]) remembers,
/// and `Info` before the client has said one; from 2026-07-28 on that of the request's `_meta`,
/// without which nothing is sent. The server has to declare the capability `logging`; a wrapped
/// server that does so answers `logging/setLevel` where its handler does not.
///
/// Messages go to the client and nowhere else: they are part of no event.
///
/// ```
/// # #[cfg(feature = "macros")] mod tools {
/// use rmcp::{tool, tool_router};
/// use toolwatch::{ServerLogger, watched_tool};
///
/// struct Shop;
///
/// #[tool_router(server_handler)]
/// impl Shop {
///     /// Count the stock.
///     #[watched_tool]
///     #[tool]
///     async fn count(&self, logger: ServerLogger) -> String {
///         logger.info("counting").await;
///         "3".to_owned()
///     }
/// }
/// # }
/// ```
///
/// [`Watch::wrap`]: crate::Watch::wrap
#[derive(Clone)]
pub struct ServerLogger {
    peer: Peer<RoleServer>,
    threshold: Option<LogLevel>,
    name: Option<&'static str>,
}

macro_rules! levels {
    ($( $(#[$attr:meta])* $name:ident: $level:ident, )*) => {$(
        $(#[$attr])*
        pub async fn $name(&self, message: impl Into<Value>) {
            self.log(LogLevel::$level, message).await;
        }
    )*};
}

impl ServerLogger {
    /// The logger of a request, for handlers written by hand.
    #[must_use]
    pub fn of(context: &RequestContext<RoleServer>) -> Self {
        let threshold = match is_stateless(&context.meta) {
            true => context.meta.log_level().map(LogLevel::from),
            false => {
                let told = context.extensions.get::<ClientLevel>();
                Some(told.and_then(|told| LogLevel::at(told.0)).unwrap_or(LogLevel::Info))
            }
        };
        Self { peer: context.peer.clone(), threshold, name: None }
    }

    /// The same logger under a name, which clients show beside the message.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Whether the client wants messages of this level.
    #[must_use]
    pub fn is_enabled(&self, level: LogLevel) -> bool {
        self.threshold.is_some_and(|threshold| level >= threshold)
    }

    /// Sends a message, a text or any JSON, when the client wants its level. One that cannot be sent,
    /// because the connection is gone, is lost.
    pub async fn log(&self, level: LogLevel, message: impl Into<Value>) {
        if !self.is_enabled(level) {
            return;
        }
        let mut message = LoggingMessageNotificationParam::new(level.into(), message.into());
        if let Some(name) = self.name {
            message = message.with_logger(name);
        }
        let _ = self.peer.notify_logging_message(message).await;
    }

    levels! {
        /// Sends a message of the level `Debug`.
        debug: Debug,
        /// Sends a message of the level `Info`.
        info: Info,
        /// Sends a message of the level `Notice`.
        notice: Notice,
        /// Sends a message of the level `Warning`.
        warning: Warning,
        /// Sends a message of the level `Error`.
        error: Error,
        /// Sends a message of the level `Critical`.
        critical: Critical,
        /// Sends a message of the level `Alert`.
        alert: Alert,
        /// Sends a message of the level `Emergency`.
        emergency: Emergency,
    }
}

// The compiler lists the types of several crates in an order that changes with the place of the sources.
#[diagnostic::do_not_recommend]
impl<C: AsRequestContext> FromContextPart<C> for ServerLogger {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Ok(Self::of(context.as_request_context()))
    }
}

impl fmt::Debug for ServerLogger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLogger").field("threshold", &self.threshold).finish_non_exhaustive()
    }
}

impl LogLevel {
    const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    fn at(place: u8) -> Option<Self> {
        Self::ALL.get(usize::from(place)).copied()
    }
}

impl From<LoggingLevel> for LogLevel {
    fn from(level: LoggingLevel) -> Self {
        // Both are in the order of their severity.
        Self::at(level as u8).unwrap_or(Self::Emergency)
    }
}

impl From<LogLevel> for LoggingLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Notice => Self::Notice,
            LogLevel::Warning => Self::Warning,
            LogLevel::Error => Self::Error,
            LogLevel::Critical => Self::Critical,
            LogLevel::Alert => Self::Alert,
            LogLevel::Emergency => Self::Emergency,
        }
    }
}
