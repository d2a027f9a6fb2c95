//! Requests, written before the clock runs.

use serde_json::json;

use crate::server::Search;

/// How many different argument objects a subject sees in turn.
pub const DISTINCT: usize = 64;

/// The arguments of call number `index`: about 200 bytes of JSON.
pub fn arguments(index: usize) -> Search {
    Search {
        query: format!("how does the router pick a handler when two tools share a prefix that is long {:04}", index % DISTINCT),
        collection: "guides/handlers".to_owned(),
        limit: Some(20),
        terms: vec!["router".to_owned(), "handler".to_owned(), "prefix".to_owned()],
        archived: false,
    }
}

/// The same with a query of about `bytes` bytes.
pub fn arguments_of(index: usize, bytes: usize) -> Search {
    let mut search = arguments(index);
    let sentence = "The router walks its routes in the order in which they were added. ";
    while search.query.len() < bytes.saturating_sub(150) {
        search.query.push_str(sentence);
    }
    search
}

/// The handshake: `initialize` and the notification that ends it.
pub fn handshake() -> (Vec<u8>, Vec<u8>) {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1.0.0" },
        },
    });
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    (line(&initialize), line(&initialized))
}

/// One `tools/call` per distinct argument object, each a line with its line feed.
pub fn calls() -> Vec<Vec<u8>> {
    (0..DISTINCT).map(|index| call(index, &arguments(index))).collect()
}

/// A request for the list of tools, a line with its line feed.
pub fn listing() -> Vec<Vec<u8>> {
    vec![line(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }))]
}

fn call(index: usize, arguments: &Search) -> Vec<u8> {
    line(&json!({
        "jsonrpc": "2.0", "id": index + 1, "method": "tools/call",
        "params": { "name": "search", "arguments": arguments },
    }))
}

fn line(message: &serde_json::Value) -> Vec<u8> {
    format!("{message}\n").into_bytes()
}
