//! What is recorded of every operation, whatever the attributes say.

use super::Leaving;

macro_rules! leaving {
    ($( $members:literal, $what:literal, $why:literal; )*) => {
        &[$( Leaving { members: $members, what: $what, why: $why }, )*]
    };
}

/// Members, contents and reasons; docs/spec/event.md has each member by itself.
pub(super) const EVERYWHERE: &[Leaving] = leaving! {
    "event_id, trace_id, span_id, parent_span_id, link", "random ids, or those of the caller's trace",
        "they tell events apart and join them to traces";
    "started_at, ended_at, duration_ms, queue_ns", "times", "how long operations take";
    "event_type, event_name, mcp_method", "words of the protocol, names that the server advertises",
        "what was asked for; unknown names are `_unknown`";
    "outcome, is_error, error_code, error_message, error", "closed words, the error's Rust type, a keyed hash",
        "how operations fail; never a text of an error";
    "request_params", "sizes, counts, JSON types, declared names, keyed hashes, by the levels below",
        "whether arguments fit, and repeat";
    "response_content, listing, resource, completion, subscription", "sizes, counts, kinds, advertised templates and names",
        "what operations return; never a content or a URI";
    "client_name, client_version, mcp_protocol_version", "64 characters of what the client says of itself, cleaned",
        "which clients call";
    "session, identity, request_id", "keyed hashes; an identity as a label only with identity_level(Label)",
        "which requests belong together";
    "intent", "the agent's own words on why it called, as the option intent says",
        "it is asked for openly, and for no personal data";
    "tags, properties", "constants of the author's, and values that a Reveal type releases",
        "the author put them there";
    "transport_type, http_version, server_name, server_version, server_instance, sdk_name, sdk_version", "constants of the deployment, and a random id of the run",
        "which server it is";
};
