//! Stand-in.
/// Error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(&'static str);
impl Error {
    pub(crate) fn configuration(m: &'static str) -> Self { Self(m) }
    pub(crate) fn already_installed() -> Self { Self("a watch is installed already") }
    /// stand-in
    pub fn is_already_installed(&self) -> bool { true }
    /// stand-in
    pub fn is_configuration(&self) -> bool { true }
}
