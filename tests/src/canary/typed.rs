//! Tools with types, rules of every level but `value`, and secrets.

use std::collections::BTreeMap;

use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::{ErrorData, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toolwatch::{Shape, watched_tool};

use super::acts::{Act, Refusal};
use super::tools::Server;

/// The arguments of an order.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Who orders.
    pub full_name: String,
    /// How much.
    pub amount: Option<i64>,
    /// How likely.
    pub likelihood: Option<f64>,
    /// What it is paid with.
    pub card: Option<Secret>,
    /// Where it goes.
    pub address: Option<Address>,
    /// What it is called.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Free keys.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// How it is paid.
    pub payment: Option<Payment>,
    /// Where a list goes on.
    pub cursor: Option<String>,
    /// Anything.
    pub note: Option<Value>,
    /// Anything else.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// A secret: its length and hash leak too.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
#[shape(ceiling = kind)]
#[serde(transparent)]
pub struct Secret(String);

/// A nested object.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
pub struct Address {
    /// A town.
    pub city: String,
    /// Streets.
    #[serde(default, alias = "roads")]
    pub streets: Vec<Street>,
}

/// An item of a list.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
pub struct Street {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: Option<u64>,
}

/// A tagged enum.
#[derive(Debug, Deserialize, Serialize, JsonSchema, Shape)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payment {
    /// By transfer.
    Transfer {
        /// From where.
        iban: String,
    },
    /// By card.
    Card {
        /// Which.
        number: u64,
    },
}

/// What a typed tool answers.
#[derive(Serialize, JsonSchema)]
pub struct Receipt {
    order: Order,
    words: Vec<String>,
}

#[tool_router(router = typed_router, vis = "pub(super)")]
impl Server {
    /// Order something.
    #[watched_tool(args(
        full_name = hash,
        amount = kind,
        card = kind,
        address.city = len,
        labels = hash,
        payment = len,
        cursor = volatile,
        note = omit
    ))]
    #[tool]
    async fn order(&self, Parameters(order): Parameters<Order>) -> Result<Json<Receipt>, Refusal> {
        self.answer(order)
    }

    /// Order something, under default rules.
    #[watched_tool]
    #[tool]
    fn plain_order(&self, Parameters(order): Parameters<Order>) -> Result<Json<Receipt>, Refusal> {
        self.answer(order)
    }

    /// Order something, and fail as JSON-RPC does.
    #[watched_tool(args(tags = hash, address = omit))]
    #[tool]
    async fn failing_order(
        &self,
        Parameters(order): Parameters<Order>,
    ) -> Result<String, ErrorData> {
        let data = serde_json::to_value(&order).ok();
        Err(ErrorData::internal_error(format!("{order:?}"), data))
    }

    #[expect(clippy::panic, reason = "this tool panics for a living")]
    fn answer(&self, order: Order) -> Result<Json<Receipt>, Refusal> {
        let stage = self.enter();
        match stage.act {
            Act::Text | Act::Structured => {
                Ok(Json(Receipt { order, words: stage.words.0.to_vec() }))
            }
            Act::PanicString => std::panic::panic_any(format!("{order:?}")),
            _ => Err(Refusal::new(&stage.words)),
        }
    }
}
