//! Digests of what a server advertises, without a key: they hold nothing but the author's own words,
//! and servers of one fleet can be compared by them.

use rmcp::model::Tool;
use serde_json::Value;

use crate::capture::canonical::Canonical;
use crate::capture::hash::sha256;
use crate::event::Name;

/// The digest of one tool: SHA-256 over the canonical form of its whole definition, cut to 64 bits.
pub(super) fn of_tool(tool: &Tool) -> u64 {
    let definition = serde_json::to_value(tool).unwrap_or(Value::Null);
    let mut form = Vec::new();
    Canonical::new(&mut form).value(&definition, 0);
    sha256(&form)
}

/// The digest of a list of tools, in whatever order they are listed.
pub(super) fn of_all<'t>(tools: impl Iterator<Item = (&'t Name, &'t u64)>) -> u64 {
    let mut form = Vec::new();
    for (name, digest) in tools {
        form.extend_from_slice(&(name.as_str().len() as u64).to_be_bytes());
        form.extend_from_slice(name.as_str().as_bytes());
        form.extend_from_slice(&digest.to_be_bytes());
    }
    sha256(&form)
}
