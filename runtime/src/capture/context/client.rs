//! Which client sent a request: from its own `_meta`, else from the handshake of its connection.

use serde_json::Value;

use super::RequestInfo;
use crate::event::{Caller, Label};
use crate::semconv::{META_CLIENT_INFO, META_PROTOCOL_VERSION};

/// Fills in the client and the protocol's version, as far as they are told.
pub(super) fn read(request: &RequestInfo<'_>, caller: &mut Caller) {
    let meta = request.meta();
    let client = meta.get(META_CLIENT_INFO).and_then(Value::as_object);
    let of_client = |field: &str| client?.get(field)?.as_str().map(Label::clean);
    caller.client_name = of_client("name");
    caller.client_version = of_client("version");
    caller.protocol_version =
        meta.get(META_PROTOCOL_VERSION).and_then(Value::as_str).map(Label::clean);
    if caller.protocol_version.is_none() {
        complete(request, caller);
    } else if client.is_none()
        // rmcp knows whether there was a handshake; it copies what the client said in it.
        && let Some(client) = request.known_client()
    {
        caller.client_name = Some(Label::clean(&client.name));
        caller.client_version = Some(Label::clean(&client.version));
    }
}

/// Adds what the client said in its handshake and not in the request.
fn complete(request: &RequestInfo<'_>, caller: &mut Caller) {
    let Some(told) = request.peer().peer_info() else { return };
    caller.protocol_version = Some(Label::clean(told.protocol_version.as_str()));
    if caller.client_name.is_none() {
        caller.client_name = Some(Label::clean(&told.client_info.name));
        caller.client_version = Some(Label::clean(&told.client_info.version));
    }
}
