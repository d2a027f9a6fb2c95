//! Prints what an ingest endpoint, or AgentCat's events API, is sent: for a look before anything
//! leaves the machine.
//!
//! `cargo run -p toolwatch-examples --example receiver -- 127.0.0.1:4000` answers every POST as such
//! a service does, and prints the head of each request and its events, one line each. Bodies to a
//! loopback address are not compressed, so it reads none that are.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(take)).await?;
    Ok(())
}

async fn take(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, axum::Json<Value>) {
    println!("{method} {uri}");
    for name in ["authorization", "user-agent", "content-encoding"] {
        if let Some(value) = headers.get(name) {
            println!("{name}: {}", value.to_str().unwrap_or("no text"));
        }
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "no JSON" })));
    };
    // toolwatch's form has `events`, that of MCPWatch `batch`, and AgentCat takes one at a time.
    let taken = ["events", "batch"].map(|name| body.as_object_mut()?.remove(name));
    let events = taken.into_iter().flatten().find_map(|of| of.as_array().cloned());
    println!("{body}");
    let events = events.unwrap_or_default();
    events.iter().for_each(|event| println!("{event}"));
    (StatusCode::ACCEPTED, axum::Json(json!({ "accepted": events.len(), "rejected": 0 })))
}
