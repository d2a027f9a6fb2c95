//! Rules: what may be recorded of each argument, checked by the compiler.
//!
//! The program calls one tool in its own process and prints what was recorded of the arguments,
//! field by field. Change `card` to `value` and the program does not compile.

use std::error::Error;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolRequestParams;
use rmcp::{ServiceExt, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use toolwatch::local::Reader;
use toolwatch::{Exposed, Reveal, Shape, Watch, watched_tool};

/// A secret: even its length says something, so the type allows its presence and no more.
#[derive(Deserialize, JsonSchema, Shape)]
#[serde(transparent)]
#[shape(ceiling = kind)]
struct CardNumber(String);

/// A type of the author's own that may leave the process, with the reason.
#[derive(Deserialize, JsonSchema, Shape)]
#[serde(transparent)]
struct Quantity(u16);

impl Reveal for Quantity {
    const REASON: &'static str = "how many pieces are ordered says nothing about who orders them";

    fn reveal(&self) -> Option<Exposed> {
        Some(Exposed::int(self.0.into()))
    }
}

#[derive(Clone, Copy, Deserialize, JsonSchema, Shape, Reveal)]
#[serde(rename_all = "kebab-case")]
enum Shipping {
    Standard,
    NextDay,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Address {
    street: String,
    country: String,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Order {
    item: String,
    quantity: Quantity,
    shipping: Shipping,
    address: Address,
    card: CardNumber,
    note: Option<String>,
    idempotency_key: String,
}

#[derive(Clone)]
struct Shop;

#[tool_router(server_handler)]
impl Shop {
    /// Order an item.
    #[watched_tool(
        deny_unlisted,
        args(
            item = hash,
            quantity = value,
            shipping = value,
            address = len,
            address.street = omit,
            card = kind,
            note = len,
            idempotency_key = volatile,
        )
    )]
    #[tool]
    fn order(&self, Parameters(order): Parameters<Order>) -> String {
        let days = if matches!(order.shipping, Shipping::NextDay) { 1 } else { 5 };
        let Address { street, country } = order.address;
        let note = order.note.unwrap_or_default();
        let (card, key) = (order.card.0.len(), order.idempotency_key);
        format!(
            "{} x {} to {street}, {country} in {days} days {note} ({card} digits, {key})",
            order.quantity.0, order.item
        )
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join(format!("toolwatch-rules-{}", std::process::id()));
    let _watch = Watch::builder()
        .server("shop", "1.0.0")
        .local()
        .directory(directory.clone())
        .build()?
        .install()?;

    let (server, client) = tokio::io::duplex(64 * 1024);
    let server = tokio::spawn(async move { Shop.serve(server).await });
    let client = ().serve(client).await?;
    let arguments = serde_json::json!({
        "item": "teapot", "quantity": 2, "shipping": "next-day",
        "address": { "street": "12 Harbour Lane", "country": "NO" },
        "card": "4111111111111111", "idempotency_key": "a41f",
    });
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let reply =
        client.call_tool(CallToolRequestParams::new("order").with_arguments(arguments)).await?;
    eprintln!(
        "the client reads: {:?}",
        reply.content.first().and_then(|block| block.as_text()).map(|text| &text.text)
    );
    client.cancel().await?;
    server.await??;

    for record in Reader::open(&directory)? {
        println!("toolwatch recorded: {}", serde_json::to_string_pretty(&record.request_params)?);
    }
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
