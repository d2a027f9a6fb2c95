//! The forms in which an ingest service may want its events.

/// The form in which events go to an ingest endpoint.
///
/// ```
/// assert_eq!(toolwatch::destination::IngestFormat::default().as_str(), "toolwatch");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IngestFormat {
    /// Events as `docs/spec/event.md` has them, with the loss report beside them, compressed.
    #[default]
    Toolwatch,
    /// What MCPWatch's own client sends, member by member: no event has one more or one less, so
    /// that a service that checks them takes all. What only toolwatch knows stands among the
    /// `attributes`, as text. There is no loss report, bodies are not compressed unless that is asked
    /// for, and the quota is read from headers too.
    McpWatch,
}

impl IngestFormat {
    /// The name of the form, as `TOOLWATCH_INGEST_FORMAT` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Toolwatch => "toolwatch",
            Self::McpWatch => "mcpwatch",
        }
    }
}
