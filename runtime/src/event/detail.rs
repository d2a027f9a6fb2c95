//! What only some kinds of operations have.

use super::sealed::{closed, sealed_struct};
use super::{JsonKind, Name};

/// What is known of an operation beside what all have.
#[derive(Clone, Debug)]
pub(crate) enum Detail {
    Listing(Listing),
    Resource(ResourceAccess),
    Completion(CompletionShape),
    Session(SessionEnd),
    Subscription(Subscription),
}

closed!(Detail);

sealed_struct! {
    /// One page of a list.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Listing {
        /// Entries on this page.
        items: u64,
        /// Whether the client asked for a page other than the first.
        is_continued: bool,
        /// Whether there are more pages.
        has_more: bool,
        surface: Option<Surface>,
    }
}

sealed_struct! {
    /// The advertised tools, as digests: SHA-256 over what the author wrote, cut to 64 bits, without
    /// a key, so that servers of one fleet can be compared.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Surface {
        /// The digest of all tools that the server is known to advertise.
        hash: u64,
        /// Whether it differs from the one before.
        changed: bool,
        /// The digest of each tool, at most 128, when the list is new or has changed.
        tools: Vec<ToolDigest>,
    }
}

sealed_struct! {
    /// The digest of one tool's definition.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct ToolDigest {
        name: Name,
        hash: u64,
    }
}

sealed_struct! {
    /// A resource that was read, subscribed to or left.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ResourceAccess {
        /// The scheme of its URI when it is a well-known or an advertised one, else `_other`.
        scheme: Option<Name>,
        /// The template that its URI matches, as the server advertises it.
        template: Option<Name>,
        /// Characters of its URI.
        uri_chars: u64,
        /// Contents of the reply by kind: text, blob.
        contents: [u32; 2],
        /// Bytes of all contents: of texts in UTF-8, of blobs in Base64.
        content_bytes: u64,
        /// Whether this session has read the same URI before.
        cache_hit: Option<bool>,
        /// Reads of this session so far, this one included, and how many of them were re-reads.
        session_reads: u32,
        session_rereads: u32,
    }
}

sealed_struct! {
    /// What was to be completed.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct CompletionShape {
        /// `prompt` or `resource`.
        reference: &'static str,
        /// The argument's name when the server declares it.
        argument: Option<Name>,
        /// Characters of what the user has typed.
        value_chars: u64,
        /// Arguments that were given as context.
        context_keys: u32,
        /// Values of the reply.
        values: Option<u32>,
        has_more: Option<bool>,
    }
}

sealed_struct! {
    /// What a session was, told at its end.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct SessionEnd {
        requests: u64,
        errors: u64,
    }
}

sealed_struct! {
    /// What a subscription asked for.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Subscription {
        /// Resources that were named.
        resources: u32,
        /// Lists whose changes were asked for: tools, prompts, resources.
        lists: [u32; 3],
    }
}

sealed_struct! {
    /// How a request without a declared shape looks: its parameters' kind and size.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Opaque {
        kind: JsonKind,
        bytes: u64,
    }
}
