//! What can leave a server, and why: for whoever has to decide whether it may be installed.
//!
//! [`Watch::manifest`](crate::Watch::manifest) lists the tools with their fields and levels, and
//! everything that is recorded of all operations. [`SelfCheck`] tells which of a server's tools are
//! recorded, and what looks like a mistake.

mod check;
mod collect;
mod everywhere;
mod text;

pub use check::SelfCheck;

use serde::Serialize;

/// Everything that events of a watch can hold. `Display` writes it as text, `Serialize` as JSON.
///
/// It knows the tools that were listed, routed or handed over so far.
///
/// ```
/// let manifest = toolwatch::Watch::disabled().manifest();
/// assert!(!manifest.is_enabled);
/// assert!(manifest.to_string().contains("off"));
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Manifest {
    /// Whether anything is recorded at all.
    pub is_enabled: bool,
    /// The settings that decide what leaves, by their option.
    pub settings: Vec<Setting>,
    /// What is recorded of every operation, beside the fields of tools.
    pub everywhere: &'static [Leaving],
    /// The tools by name.
    pub tools: Vec<ToolManifest>,
}

/// One setting.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Setting {
    /// The option of [`WatchBuilder`](crate::WatchBuilder).
    pub option: &'static str,
    /// Its value in words.
    pub value: String,
}

/// Something that can leave.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Leaving {
    /// The members of the event, as docs/spec/event.md names them.
    pub members: &'static str,
    /// What they hold.
    pub what: &'static str,
    /// Why they may leave.
    pub why: &'static str,
}

/// What is recorded of one tool's arguments.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ToolManifest {
    /// The registered name.
    pub name: &'static str,
    /// By whom its calls are recorded.
    pub recorded: Recorded,
    /// Whether the agent is asked why it calls.
    pub asks_intent: bool,
    /// The tags of the attribute.
    pub tags: Vec<(&'static str, &'static str)>,
    /// The declared fields by path. Undeclared ones are counted and never named.
    pub fields: Vec<FieldManifest>,
}

/// What is recorded of one field.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct FieldManifest {
    /// The path as events write it.
    pub path: &'static str,
    /// `omit`, `kind`, `len`, `hash` or `value`.
    pub level: &'static str,
    /// Why: `default`, `rule`, `type` (the type's ceiling) or `hook`.
    pub why: &'static str,
    /// For `value`: why values of the type may leave, in the words of its `Reveal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Whether the field is kept out of the hash of all arguments.
    pub is_volatile: bool,
}

/// By whom a tool's calls are recorded.
///
/// ```
/// use toolwatch::manifest::Recorded;
/// assert_eq!(Recorded::Nobody.as_str(), "nobody");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recorded {
    /// By `#[watched_tool]`, by its rules.
    Attribute,
    /// By the wrapper, by the tool's schema.
    Wrapper,
    /// By nobody, because the author said so.
    Skipped,
    /// By nobody: the tool has no attribute and the server no wrapper.
    Nobody,
}

impl Recorded {
    /// The name in texts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Wrapper => "wrapper",
            Self::Skipped => "skipped",
            Self::Nobody => "nobody",
        }
    }
}
