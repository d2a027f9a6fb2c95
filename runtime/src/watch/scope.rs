//! Which tools of a wrapped server ask for the agent's intent.

/// Which tools of a server ask the agent why it calls.
///
/// ```
/// use toolwatch::IntentScope;
/// assert_eq!(IntentScope::default(), IntentScope::Attributed);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum IntentScope {
    /// Those with `#[watched_tool]` whose `intent` is not `off`.
    #[default]
    Attributed,
    /// Those, and all tools without the attribute.
    All,
    /// The tools of these names, with the attribute or without.
    Only(Vec<String>),
    /// None, whatever the attributes say. It takes a wrapped server: without the wrapper a tool
    /// lists what its attribute says.
    None,
}
